"""Waits for what others change: a filter's first answer, then only what is new."""

from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from server import answer, connected, vm_of

Collector = vmodl.query.PropertyCollector


def wait(collector, version):
    return collector.WaitForUpdatesEx(version, Collector.WaitOptions(maxWaitSeconds=10))


def names_in(update):
    return [
        [change.kind, sorted(each.name for each in change.changeSet)]
        for filtered in update.filterSet
        for change in filtered.objectSet
    ]


with connected() as content:
    vm = vm_of(content)
    collector = content.propertyCollector.CreatePropertyCollector()
    spec = Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=vm)],
        propSet=[Collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "runtime.powerState", "config.annotation"])],
    )
    collector.CreateFilter(spec, True)
    first = wait(collector, "")
    WaitForTask(vm.Rename_Task("pyvmomi-told"))
    second = wait(collector, first.version)
    nothing = collector.WaitForUpdatesEx(second.version, Collector.WaitOptions(maxWaitSeconds=0))
    values = {change.name: change.val for each in second.filterSet for update in each.objectSet for change in update.changeSet}
    answer(
        {
            "first": names_in(first),
            "second": names_in(second),
            "values": values,
            "nothing": nothing,
        }
    )
