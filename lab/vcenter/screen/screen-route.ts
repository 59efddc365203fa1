/**
 * `/screen?id=vm-42&w=640&h=480`: what is on a VM's screen, as a PNG.
 *
 * Nothing is shown without a login, nor to those who may not look at that VM's console.
 */
import { isAllowed } from '../core/privileges.ts';
import { SESSION_COOKIE } from '../core/sessions.ts';
import type { World } from '../core/world.ts';
import type { Route } from '../http/server.ts';
import { DEFAULT_SIZE, pictureOf, type ScreenSize } from './console-picture.ts';
import { encodePng } from './png.ts';

export const SCREEN_PRIVILEGE = 'VirtualMachine.Interact.CreateScreenshot';
const MAX_SIDE = 4096;

export function screenRoute(world: World): Route {
  return ({ request, response, url, cookies }) => {
    request.resume();
    const refuse = (status: number, text: string) => {
      response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Only GET is answered here.');
    const session = world.sessions.loggedIn(cookies.get(SESSION_COOKIE));
    if (!session) {
      response.setHeader('www-authenticate', 'Basic realm="VMware HTTP server"');
      return refuse(401, 'Authentication is required.');
    }
    if (!isAllowed(session, SCREEN_PRIVILEGE)) return refuse(403, 'Permission to perform this operation was denied.');
    const vm = world.objects
      .find({ type: 'VirtualMachine', value: url.searchParams.get('id') ?? '' })
      ?.as('VirtualMachine');
    if (!vm) return refuse(404, 'There is no such virtual machine.');
    if (vm.get('runtime').powerState !== 'poweredOn') return refuse(503, 'The virtual machine is not powered on.');
    const size = sizeAsked(url.searchParams);
    if (!size) return refuse(400, 'The width or height is not valid.');
    const png = encodePng(pictureOf(vm, size));
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': png.length });
    response.end(request.method === 'HEAD' ? undefined : png);
  };
}

/** One side alone keeps the proportions. Undefined for what is no size. */
function sizeAsked(query: URLSearchParams): ScreenSize | undefined {
  const side = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  };
  const { width, height } = DEFAULT_SIZE;
  const [w, h] = [side('w'), side('h')];
  const size = {
    width: w ?? (h === undefined ? width : Math.max(1, Math.round((h * width) / height))),
    height: h ?? (w === undefined ? height : Math.max(1, Math.round((w * height) / width))),
  };
  const isSide = (length: number) => length >= 1 && length <= MAX_SIDE;
  return isSide(size.width) && isSide(size.height) ? size : undefined;
}
