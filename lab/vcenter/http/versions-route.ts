/** `/sdk/vimServiceVersions.xml`: which versions of the API are spoken. */
import type { Route } from './server.ts';

const VERSIONS = ['8.0.3.0', '8.0.2.0', '8.0.1.0', '8.0.0.0', '7.0.3.0', '7.0', '6.7', '6.5', '6.0'];

const [newest, ...prior] = VERSIONS;
const DOCUMENT =
  '<?xml version="1.0" encoding="UTF-8" ?>\n<namespaces version="1.0"><namespace><name>urn:vim25</name>' +
  `<version>${newest}</version><priorVersions>${prior.map((each) => `<version>${each}</version>`).join('')}` +
  '</priorVersions></namespace></namespaces>\n';

export const versionsRoute: Route = ({ request, response }) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/xml' }).end(DOCUMENT);
};
