/** What is to happen to the calls and tasks that come next. */
import { z } from 'zod';
import { dataType } from '../../../src/vim25/schema.ts';
import { VimFault } from '../core/faults.ts';
import { ControlError, type DeedTable, deed } from './deed.ts';

/** `PowerOnVM_Task`, or `POST cis/tagging/tag`; left out: whichever comes. */
const method = z.string().min(1).max(256).optional();

/** `{"$type": "NoDiskSpace", "datastore": "vsanDatastore"}`: a fault's class with its fields. */
const fault = z.looseObject({ $type: z.string().max(256) });
const message = z.string().max(1024).default('Injected by the control API.');

export const callDeeds: DeedTable = {
  'drop-next': deed(z.strictObject({ when: z.enum(['before', 'after']), method }), ({ world }, input) => {
    world.interference.dropNext(input.when, input.method);
    return undefined;
  }),
  'fail-next': deed(z.strictObject({ fault, message, method }), ({ world }, input) => {
    world.interference.failNext(faultOf(input), input.method);
    return undefined;
  }),
  'fail-next-task': deed(z.strictObject({ fault, message, name: method }), ({ world }, input) => {
    world.tasks.failNext(faultOf(input), input.name);
    return undefined;
  }),
  delay: deed(z.strictObject({ ms: z.int().min(0).max(600_000), method }), ({ world }, { ms, method: name }) => {
    world.interference.delay(ms, name);
    return undefined;
  }),
  'task-steps': deed(z.strictObject({ ms: z.int().min(0).max(60_000) }), ({ world }, { ms }) => {
    world.tasks.stepMs = ms;
    return undefined;
  }),
  reset: deed(z.strictObject({}), ({ world }) => {
    world.interference.reset();
    world.tasks.failNone();
    return undefined;
  }),
};

function faultOf({ fault: fields, message: text }: { fault: z.output<typeof fault>; message: string }): VimFault {
  for (let type = dataType(fields.$type); type; type = type.base) {
    if (type.name === 'MethodFault') return new VimFault(fields, text);
  }
  throw new ControlError(`${fields.$type} is not the class of a fault.`);
}
