/**
 * Every tool of the gateway: the one literal list, grouped by category. A tool that is not written here does not
 * exist; the order is the order of the reference pages and of `tools/list`.
 */
import type { Tool } from './tool.ts';

export const toolsets = {
  lifecycle: [],
  power: [],
  snapshots: [],
  monitoring: [],
  hosts: [],
  clusters: [],
  datastores: [],
  networks: [],
  devices: [],
  inventory: [],
  history: [],
  gateway: [],
} as const satisfies Record<string, readonly Tool[]>;

export const tools: readonly Tool[] = Object.values(toolsets).flat();
