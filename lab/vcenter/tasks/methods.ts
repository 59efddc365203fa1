/** Task and TaskManager. */
import { objectNotFound } from '../core/faults.ts';
import type { MethodTable } from '../core/method.ts';

export const taskMethods: MethodTable = {
  CancelTask: ({ world, self }) => {
    const task = self.as('Task');
    if (!task) throw objectNotFound(self.ref);
    world.tasks.cancel(task);
  },
};
