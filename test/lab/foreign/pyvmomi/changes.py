"""Changes a VM in the usual ways, waits for each task, and tells what the server then says."""

from pyVim.task import WaitForTask
from pyVmomi import vim

from server import ARGUMENTS, answer, connected, fault_of, vm_of

with connected() as content:
    vm = vm_of(content)
    said = {}

    WaitForTask(vm.PowerOnVM_Task())
    said["on"] = vm.runtime.powerState
    said["on_again"] = fault_of(lambda: vm.PowerOnVM_Task())
    WaitForTask(vm.PowerOffVM_Task())
    said["off"] = vm.summary.runtime.powerState

    task = vm.CreateSnapshotEx_Task(name="first", description="as made", memory=False, quiesceSpec=None)
    WaitForTask(task)
    said["snapshot"] = task.info.result._GetMoId()
    said["snapshot_task"] = {
        "state": task.info.state,
        "description": task.info.descriptionId,
        "entity": task.info.entityName,
        "user": task.info.reason.userName,
    }
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(numCPUs=4, annotation="changed")))
    said["changed"] = [vm.config.hardware.numCPU, vm.config.annotation]
    WaitForTask(vm.CreateSnapshotEx_Task(name="second", description="", memory=False, quiesceSpec=None))
    tree = vm.snapshot.rootSnapshotList
    said["tree"] = [tree[0].name, [child.name for child in tree[0].childSnapshotList]]
    WaitForTask(tree[0].snapshot.RevertToSnapshot_Task())
    said["reverted"] = [vm.config.hardware.numCPU, vm.config.annotation]
    WaitForTask(vm.RemoveAllSnapshots_Task())
    said["no_tree"] = vm.snapshot is None

    said["too_many"] = fault_of(lambda: vm.ReconfigVM_Task(vim.vm.ConfigSpec(numCPUs=100_000)))
    relocation = vim.vm.RelocateSpec(pool=vm.resourcePool)
    clone = vm.CloneVM_Task(vm.parent, "pyvmomi-clone", vim.vm.CloneSpec(location=relocation, powerOn=False))
    WaitForTask(clone)
    said["clone"] = [clone.info.result._GetMoId(), clone.info.result.config.hardware.numCPU]
    said["same_name"] = fault_of(
        lambda: vm.CloneVM_Task(vm.parent, "pyvmomi-clone", vim.vm.CloneSpec(location=relocation))
    )
    WaitForTask(clone.info.result.Rename_Task("pyvmomi-renamed"))
    said["renamed"] = clone.info.result.name
    gone = clone.info.result
    WaitForTask(gone.Destroy_Task())
    said["gone"] = fault_of(lambda: gone.name)
    answer(said)
