"""Logs in, asks who it is and what the server is, and fails to log in with another password."""

from pyVmomi import vim

from server import answer, connected, login


def fault_of_wrong_password():
    try:
        login(password="wrong")
    except vim.fault.InvalidLogin as fault:
        return fault.msg


with connected() as content:
    session = content.sessionManager.currentSession
    service = vim.ServiceInstance("ServiceInstance", content.rootFolder._stub)
    answer(
        {
            "api_type": content.about.apiType,
            "api_version": content.about.apiVersion,
            "instance_uuid": content.about.instanceUuid,
            "full_name": content.about.fullName,
            "user": session.userName,
            "user_agent": session.userAgent,
            "time": service.CurrentTime().isoformat(),
            "wrong_password": fault_of_wrong_password(),
        }
    )
