"""Reads every property of every object, as this client checks them: all required fields, each of its type."""

from collections import Counter

from pyVmomi import vim, vmodl

from server import answer, connected, every

# At most so many of a type: they are alike.
MOST = 25

read = Counter()
troubles = Counter()


def read_all(managed):
    kind = type(managed).__name__
    read[kind] += 1
    if read[kind] > MOST:
        return
    for prop in managed._GetPropertyList():
        try:
            getattr(managed, prop.name)
        except vmodl.fault.MethodNotFound:
            pass  # The client knows that the server's version is older than the property.
        except Exception as error:  # Anything: that is what the program is after.
            troubles[f"{kind}.{prop.name}: {type(error).__name__} {getattr(error, 'msg', error)}"] += 1


with connected() as content:
    for entity in [content.rootFolder, *every(content, vim.ManagedEntity)]:
        read_all(entity)
    for vm in every(content, vim.VirtualMachine):
        for snapshot in vm.rootSnapshot:
            read_all(snapshot)
        read_all(vm.environmentBrowser)
    for host in every(content, vim.HostSystem):
        for part in ("serviceSystem", "dateTimeSystem", "networkSystem", "datastoreSystem", "storageSystem"):
            if getattr(host.configManager, part):
                read_all(getattr(host.configManager, part))
    for prop in content._GetPropertyList():
        manager = getattr(content, prop.name)
        if hasattr(manager, "_moId"):
            read_all(manager)
    for task in content.taskManager.recentTask:
        read_all(task)
    answer({"read": read, "troubles": troubles})
