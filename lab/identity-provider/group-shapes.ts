/**
 * How providers write a person's groups.
 *
 * | shape | seen at |
 * |---|---|
 * | `array` | Authentik, Dex, Okta, most others |
 * | `comma` | glewlwyd |
 * | `keycloak` | Keycloak: paths in `groups`, roles in `realm_access.roles` |
 * | `keycloak_roles` | Keycloak without the group mapper |
 * | `auth0` | Auth0, whose own claims must be URLs |
 * | `entra_overage` | Entra ID, over 200 groups: the names are elsewhere |
 * | `entra_hasgroups` | Entra ID, the same in a token that must be short |
 * | `absent` | Google, and any provider without a mapper |
 */
export type GroupShape =
  | 'array'
  | 'comma'
  | 'keycloak'
  | 'keycloak_roles'
  | 'auth0'
  | 'entra_overage'
  | 'entra_hasgroups'
  | 'absent'
  /** The claim `groups` holds just this. */
  | { readonly malformed: unknown };

export const AUTH0_GROUPS_CLAIM = 'https://lab.example/groups';

const KEYCLOAK_ROLES = ['default-roles-lab', 'offline_access', 'uma_authorization'];

/** The claims that say which groups `groups` a person with the subject `sub` is in. */
export function groupClaims(shape: GroupShape, groups: readonly string[], sub: string): Record<string, unknown> {
  if (typeof shape === 'object') return { groups: shape.malformed };
  switch (shape) {
    case 'array':
      return { groups: [...groups] };
    case 'comma':
      return { groups: groups.join(',') };
    case 'keycloak':
      return { groups: groups.map((group) => `/${group}`), ...roles(groups) };
    case 'keycloak_roles':
      return roles(groups);
    case 'auth0':
      return { [AUTH0_GROUPS_CLAIM]: [...groups] };
    case 'entra_overage':
      return {
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: `https://graph.microsoft.com/v1.0/users/${sub}/getMemberObjects` } },
      };
    case 'entra_hasgroups':
      return { hasgroups: true };
    case 'absent':
      return {};
  }
}

function roles(groups: readonly string[]): Record<string, unknown> {
  return { realm_access: { roles: [...KEYCLOAK_ROLES, ...groups] } };
}
