"""Logs in, asks who it is and what the server is, and fails to log in with another password."""

from pyVim.connect import SmartConnect
from pyVmomi import vim

from server import ARGUMENTS, answer, connected


def login_fault():
    import ssl

    context = ssl._create_unverified_context()
    try:
        SmartConnect(host=ARGUMENTS["host"], port=ARGUMENTS["port"], user=ARGUMENTS["user"], pwd="wrong", sslContext=context)
    except vim.fault.InvalidLogin as fault:
        return type(fault).__name__


with connected() as content:
    session = content.sessionManager.currentSession
    answer(
        {
            "api_type": content.about.apiType,
            "api_version": content.about.apiVersion,
            "instance_uuid": content.about.instanceUuid,
            "full_name": content.about.fullName,
            "user": session.userName,
            "user_agent": session.userAgent,
            "time": content.rootFolder._stub and str(vim.ServiceInstance("ServiceInstance", content.rootFolder._stub).CurrentTime()),
            "wrong_password": login_fault(),
        }
    )
