/** vSphere's name for an object that lives on the server: `{ type: 'VirtualMachine', value: 'vm-42' }`. */
export interface ManagedObjectReference {
  readonly type: string;
  readonly value: string;
}
