/** CustomFieldsManager: attributes that people put on objects, and their values. */
import type { CustomFieldDef, CustomFieldStringValue, CustomFieldValue } from '../../../src/vim25/generated/types.ts';
import { fault, invalidArgument } from '../core/faults.ts';
import type { AnyObject, ManagedObject } from '../core/managed-object.ts';
import type { Call, MethodTable } from '../core/method.ts';
import { demand } from '../core/privileges.ts';
import { isManagedSubtype, propertiesOf } from '../core/type-tables.ts';
import type { World } from '../core/world.ts';

const MAX_FIELDS = 500;
const MAX_NAME = 80;
const MAX_VALUE = 4096;
const FIRST_KEY = 101;

type Manager = ManagedObject<'CustomFieldsManager'>;

function managerOf({ objects, content }: World): Manager | undefined {
  return objects.find(content.customFieldsManager)?.as('CustomFieldsManager');
}

function fieldsFor(world: World, object: AnyObject): CustomFieldDef[] {
  const fields = managerOf(world)?.get('field') ?? [];
  return fields.filter(({ managedObjectType: type }) => type === undefined || isManagedSubtype(object.ref.type, type));
}

export function deriveCustomFields(world: World): void {
  world.objects.derive('CustomFieldsManager', 'field', () => []);
  for (const type of ['ManagedEntity', 'ExtensibleManagedObject'] as const) {
    world.objects.derive(type, 'availableField', (object) => fieldsFor(world, object));
  }
  world.objects.derive('ManagedEntity', 'value', (entity) => entity.get('customValue'));
}

/** Errors: InvalidArgument for a key that no field has. */
function fieldOf({ world, self }: Call, key: number): { readonly manager: Manager; readonly field: CustomFieldDef } {
  const manager = self.as('CustomFieldsManager') ?? managerOf(world);
  const field = manager?.get('field').find((each) => each.key === key);
  if (!manager || !field) throw invalidArgument('key');
  return { manager, field };
}

/** Errors: InvalidName, DuplicateName. */
function requireName(manager: Manager, name: string, type: string | undefined): void {
  if (name.trim() === '' || name.length > MAX_NAME) {
    throw fault('InvalidName', { name }, `The name '${name.slice(0, MAX_NAME)}' is not valid.`);
  }
  if (manager.get('field').some((each) => each.name === name && each.managedObjectType === type)) {
    throw fault('DuplicateName', { name, object: manager.ref }, `The name '${name}' already exists.`);
  }
}

function setValue({ world, session }: Call, object: AnyObject, field: CustomFieldDef, value: string): void {
  const entity = object.as('ManagedEntity');
  const { key, name, managedObjectType } = field;
  const fits = managedObjectType === undefined || isManagedSubtype(object.ref.type, managedObjectType);
  if (!entity || !fits) throw invalidArgument('entity');
  if (value.length > MAX_VALUE) throw invalidArgument('value');
  demand(session, 'Global.SetCustomField', entity);
  const others = entity.get('customValue').filter((each) => each.key !== key);
  const own: (CustomFieldValue & CustomFieldStringValue)[] =
    value === '' ? [] : [{ $type: 'CustomFieldStringValue', key, value }];
  const before = entity.get('customValue').find((each) => each.key === key) as CustomFieldStringValue | undefined;
  entity.set({ customValue: [...others, ...own] });
  const entityName = String(entity.read('name'));
  world.events.post('CustomFieldValueChangedEvent', {
    user: session.account?.name ?? '',
    entity,
    message: `Changed custom field ${name} on ${entityName} from '${before?.value ?? ''}' to '${value}'`,
    fields: {
      entity: { name: entityName, entity: entity.ref },
      fieldKey: key,
      name,
      value,
      prevState: before?.value ?? '',
    },
  });
}

function demandManage({ world, session }: Call): void {
  demand(session, 'Global.ManageCustomFields', world.objects.get(world.content.rootFolder));
}

export const customFieldsMethods: MethodTable = {
  AddCustomFieldDef: (call) => {
    const { world, session, request } = call;
    demandManage(call);
    const manager = managerOf(world)!;
    requireName(manager, request.name, request.moType);
    if (request.moType !== undefined && !propertiesOf(request.moType)) throw invalidArgument('moType');
    const fields = manager.get('field');
    if (fields.length >= MAX_FIELDS) throw invalidArgument('name');
    const field: CustomFieldDef = {
      key: Math.max(FIRST_KEY - 1, ...fields.map(({ key }) => key)) + 1,
      name: request.name,
      type: 'string',
      ...(request.moType !== undefined && { managedObjectType: request.moType }),
    };
    manager.set({ field: [...fields, field] });
    world.events.post('CustomFieldDefAddedEvent', {
      user: session.account?.name ?? '',
      message: `Created new custom field definition ${field.name}`,
      fields: { fieldKey: field.key, name: field.name },
    });
    return field;
  },
  RemoveCustomFieldDef: (call) => {
    demandManage(call);
    const { world, session, request } = call;
    const { manager, field } = fieldOf(call, request.key);
    manager.set({ field: manager.get('field').filter((each) => each !== field) });
    for (const entity of world.objects.all('ManagedEntity')) {
      const values = entity.get('customValue');
      if (values.some(({ key }) => key === field.key)) {
        entity.set({ customValue: values.filter(({ key }) => key !== field.key) });
      }
    }
    world.events.post('CustomFieldDefRemovedEvent', {
      user: session.account?.name ?? '',
      message: `Removed field definition ${field.name}`,
      fields: { fieldKey: field.key, name: field.name },
    });
  },
  RenameCustomFieldDef: (call) => {
    demandManage(call);
    const { world, session, request } = call;
    const { manager, field } = fieldOf(call, request.key);
    requireName(manager, request.name, field.managedObjectType);
    manager.set({
      field: manager.get('field').map((each) => (each === field ? { ...field, name: request.name } : each)),
    });
    world.events.post('CustomFieldDefRenamedEvent', {
      user: session.account?.name ?? '',
      message: `Renamed field definition from ${field.name} to ${request.name}`,
      fields: { fieldKey: field.key, name: field.name, newName: request.name },
    });
  },
  SetField: (call) => {
    const { field } = fieldOf(call, call.request.key);
    setValue(call, call.world.objects.get(call.request.entity), field, call.request.value);
  },
};

/** On the object itself, by the field's name. */
export const customValueMethods: MethodTable = {
  SetCustomValue: (call) => {
    const { key, value } = call.request;
    const field = fieldsFor(call.world, call.self).find(({ name }) => name === key);
    if (!field) throw invalidArgument('key');
    setValue(call, call.self, field, value);
  },
};
