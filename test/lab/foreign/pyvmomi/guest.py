"""Runs a program in a guest, waits for its end, and moves a file in and out over the transfer addresses."""

import re
import ssl
import time
import urllib.request

from pyVmomi import vim

from server import ARGUMENTS, answer, connected, fault_of, vm_of

CONTEXT = ssl._create_unverified_context()


def address(url):
    """A star stands for the name that the client knows the server by."""
    return re.sub(r"^https://\*", f"https://{ARGUMENTS['host']}", url)


with connected() as content:
    vm = vm_of(content)
    manager = content.guestOperationsManager
    auth = vim.vm.guest.NamePasswordAuthentication(username="root", password="lab-guest", interactiveSession=False)
    wrong = vim.vm.guest.NamePasswordAuthentication(username="root", password="wrong", interactiveSession=False)
    files, processes = manager.fileManager, manager.processManager
    manager.authManager.ValidateCredentialsInGuest(vm, auth)

    content_of_file = b"from outside\n"
    put = files.InitiateFileTransferToGuest(
        vm, auth, "/tmp/pyvmomi", vim.vm.guest.FileManager.FileAttributes(), len(content_of_file), True
    )
    urllib.request.urlopen(
        urllib.request.Request(address(put), data=content_of_file, method="PUT"), context=CONTEXT
    ).read()

    spec = vim.vm.guest.ProcessManager.ProgramSpec(
        programPath="/bin/sh", arguments="-c 'cat /tmp/pyvmomi > /tmp/pyvmomi.out; exit 3'"
    )
    pid = processes.StartProgramInGuest(vm, auth, spec)
    for _ in range(100):
        (process,) = processes.ListProcessesInGuest(vm, auth, [pid])
        if process.exitCode is not None:
            break
        time.sleep(0.05)

    info = files.InitiateFileTransferFromGuest(vm, auth, "/tmp/pyvmomi.out")
    got = urllib.request.urlopen(address(info.url), context=CONTEXT).read()
    listed = files.ListFilesInGuest(vm, auth, "/tmp", None, None, r"^pyvmomi")
    answer(
        {
            "exit_code": process.exitCode,
            "owner": process.owner,
            "got": got.decode(),
            "size": info.size,
            "listed": sorted(each.path for each in listed.files),
            "wrong_password": fault_of(lambda: manager.authManager.ValidateCredentialsInGuest(vm, wrong)),
            "no_file": fault_of(lambda: files.InitiateFileTransferFromGuest(vm, auth, "/no/such/file")),
        }
    )
