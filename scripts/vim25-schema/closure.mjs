// What the gateway needs of the API: the methods and managed objects of closure.json, everything that they can
// carry, and the subclasses of what they carry.

export function closeOver(declared, wanted) {
  const { types, enums, methods, managed } = declared;
  const leaves = new Set(wanted.leaves.types);
  const subclasses = new Map();
  for (const [name, { base }] of types) {
    if (base) subclasses.set(base, [...(subclasses.get(base) ?? []), name]);
  }
  const reached = { types: new Set(), enums: new Set(), methods: new Set(), managed: new Set() };

  const reach = (name) => {
    if (enums.has(name)) reached.enums.add(name);
    const type = types.get(name);
    if (!type || reached.types.has(name)) return;
    reached.types.add(name);
    if (type.base) reach(type.base);
    for (const field of type.fields) reach(field.type);
  };
  // Subclasses of what a field names, not of its bases: everything is a DynamicData.
  const carried = new Set();
  const carry = (name) => {
    reach(name);
    if (carried.has(name) || !types.has(name)) return;
    carried.add(name);
    for (const field of allFields(name)) carry(field.type);
    if (leaves.has(name)) return;
    for (const subclass of subclasses.get(name) ?? []) carry(subclass);
  };
  const allFields = (name) => {
    const { base, fields } = types.get(name);
    return base && types.has(base) ? [...allFields(base), ...fields] : fields;
  };

  for (const name of Object.values(wanted.methods).flat()) {
    const method = methods.get(name);
    if (!method) throw new Error(`no such method: ${name}`);
    reached.methods.add(name);
    for (const field of [...method.request, ...(method.response ? [method.response] : [])]) carry(field.type);
  }
  const manage = (name) => {
    const object = managed.get(name);
    if (!object) throw new Error(`no such managed object: ${name}`);
    if (reached.managed.has(name)) return;
    reached.managed.add(name);
    if (object.base) manage(object.base);
    for (const field of object.fields) carry(field.type);
  };
  wanted.managedObjects.forEach(manage);
  for (const name of [...wanted.also, ...wanted.carriedByAny.types]) {
    if (!types.has(name)) throw new Error(`no such type: ${name}`);
  }
  wanted.carriedByAny.types.forEach(carry);
  for (const name of wanted.also) {
    reach(name);
    for (const field of allFields(name)) carry(field.type);
  }
  return reached;
}
