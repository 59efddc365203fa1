"""Reads events and tasks of a VM that was just switched on, counters of one that runs, and alarms."""

from pyVim.task import WaitForTask
from pyVmomi import vim

from server import ARGUMENTS, answer, connected, vm_of

with connected() as content:
    vm = vm_of(content)
    running = vim.VirtualMachine(ARGUMENTS["running"], content.rootFolder._stub)
    WaitForTask(vm.PowerOnVM_Task())
    by_entity = vim.event.EventFilterSpec.ByEntity(entity=vm, recursion="self")
    events = content.eventManager.QueryEvents(vim.event.EventFilterSpec(entity=by_entity))
    collector = content.eventManager.CreateCollectorForEvents(vim.event.EventFilterSpec(entity=by_entity))
    collector.SetCollectorPageSize(10)
    tasks = content.taskManager.CreateCollectorForTasks(
        vim.TaskFilterSpec(entity=vim.TaskFilterSpec.ByEntity(entity=vm, recursion="self"))
    )
    counters = {f"{each.groupInfo.key}.{each.nameInfo.key}.{each.rollupType}": each.key for each in content.perfManager.perfCounter}
    sampled = content.perfManager.QueryPerf(
        [
            vim.PerformanceManager.QuerySpec(
                entity=running,
                maxSample=3,
                intervalId=20,
                metricId=[vim.PerformanceManager.MetricId(counterId=counters["cpu.usage.average"], instance="")],
            )
        ]
    )
    answer(
        {
            "events": [type(each).__name__ for each in events],
            "keys": [each.key for each in events],
            "page": [each.key for each in collector.latestPage],
            "messages": [each.fullFormattedMessage for each in events],
            "tasks": [[each.descriptionId, each.state] for each in tasks.ReadNextTasks(10)],
            "counters": len(counters),
            "samples": [list(series.value) for each in sampled for series in each.value],
            "alarms": [each.info.name for each in content.alarmManager.GetAlarm(None)],
            "triggered": [str(each.overallStatus) for each in content.rootFolder.triggeredAlarmState],
        }
    )
