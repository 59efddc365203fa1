"""Lists the VMs in one bulk read of pages, and finds one of them in every way that there is."""

from pyVmomi import vim, vmodl

from server import ARGUMENTS, answer, connected

PATHS = ["name", "runtime.powerState", "config.hardware.numCPU", "config.hardware.device", "guest.ipAddress"]


def in_pages(content, size):
    collector = content.propertyCollector
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    Collector = vmodl.query.PropertyCollector
    spec = Collector.FilterSpec(
        objectSet=[
            Collector.ObjectSpec(
                obj=view,
                skip=True,
                selectSet=[Collector.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)],
            )
        ],
        propSet=[Collector.PropertySpec(type=vim.VirtualMachine, pathSet=PATHS)],
    )
    page = collector.RetrievePropertiesEx([spec], Collector.RetrieveOptions(maxObjects=size))
    pages = 0
    while page is not None:
        pages += 1
        for found in page.objects:
            yield {"id": found.obj._GetMoId(), **{each.name: each.val for each in found.propSet}}
        page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    view.Destroy()


with connected() as content:
    index = content.searchIndex
    wanted = ARGUMENTS["wanted"]
    found = {
        "path": index.FindByInventoryPath(wanted["path"]),
        "uuid": index.FindByUuid(None, wanted["uuid"], True, False),
        "instance_uuid": index.FindByUuid(None, wanted["instance_uuid"], True, True),
        "ip": index.FindByIp(None, wanted["ip"], True),
        "dns": index.FindByDnsName(None, wanted["dns"], True),
        "nowhere": index.FindByInventoryPath("/no/such/thing"),
    }
    vms = [
        {
            "id": vm["id"],
            "name": vm["name"],
            "power": vm["runtime.powerState"],
            "cpu": vm["config.hardware.numCPU"],
            "labels": [device.deviceInfo.label for device in vm["config.hardware.device"]],
            "ip": vm.get("guest.ipAddress"),
        }
        for vm in in_pages(content, 7)
        if "config.hardware.numCPU" in vm
    ]
    answer({"vms": vms, "found": {way: each and each._GetMoId() for way, each in found.items()}})
