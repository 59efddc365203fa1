import { abortable } from '../lib/abortable.ts';
import type { Call, Output, Stage } from './call.ts';
import { type ContextOptions, gatewayContext, serverContext } from './context.ts';

/** Runs the tool's handler, on the managed server that the call names. */
export function handle(options: ContextOptions): Stage {
  return (call) => {
    if (call.tool.scope === 'gateway') return run(call, options);
    const signal = call.until?.() ?? call.signal;
    const work = options.share.run(call.principal, signal, () => run(call, options));
    // The caller of a reading tool has its answer at the deadline, whatever the handler still waits for.
    return call.tool.effect === 'read' ? abortable(work, signal) : work;
  };
}

async function run(call: Call, options: ContextOptions): Promise<Output> {
  const { tool, input = {} } = call;
  if (tool.scope === 'gateway') return tool.handler(input, gatewayContext(call, options));

  const wanted = input.host as string | undefined;
  call.server = wanted ?? options.servers.list()[0]?.name ?? '';
  const server = await options.servers.get(wanted);
  call.server = server.name;
  const vsphere = server.forCall({ operationId: call.requestId, signal: call.until?.() ?? call.signal });
  const output = await tool.handler(input, serverContext(call, vsphere, options));
  call.changed = tool.effect !== 'read';
  return output;
}
