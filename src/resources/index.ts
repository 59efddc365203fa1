/** Every resource of the gateway: the one literal list. */
import { datastore } from './datastore.ts';
import type { Resource, ResourceTemplate } from './resource.ts';
import { clusters, datastores, hosts, networks, resourcePools, vms } from './summaries.ts';

export const resources: readonly Resource[] = [vms, hosts, datastores, networks, clusters, resourcePools];

export const resourceTemplates: readonly ResourceTemplate[] = [datastore];
