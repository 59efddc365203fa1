"""What the programs beside this file share: their arguments, a connection, waits for tasks, their answer."""

import json
import ssl
import sys
from contextlib import contextmanager

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

ARGUMENTS = json.load(sys.stdin)


def login(password=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return SmartConnect(
        host=ARGUMENTS["host"],
        port=ARGUMENTS["port"],
        user=ARGUMENTS["user"],
        pwd=password or ARGUMENTS["password"],
        sslContext=context,
    )


@contextmanager
def connected():
    """The content of the server's ServiceInstance, for as long as the block runs."""
    instance = login()
    try:
        yield instance.RetrieveContent()
    finally:
        Disconnect(instance)


def every(content, kind):
    """All managed objects of a type, by a container view."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    try:
        return list(view.view)
    finally:
        view.Destroy()


def vm_of(content):
    """The VM that the program is about."""
    return vim.VirtualMachine(ARGUMENTS["vm"], content.rootFolder._stub)


def fault_of(action):
    """The class of the fault by which a call or its task fails; None where it succeeds."""
    try:
        result = action()
        if isinstance(result, vim.Task):
            WaitForTask(result)
    except vmodl.MethodFault as fault:
        return type(fault).__name__
    return None


def answer(value):
    json.dump(value, sys.stdout, default=str)
