// `npm run bench [-- part…]`. The benchmarks are TypeScript and the oldest Node.js that runs the gateway does not
// read that, so vite loads them; the servers that are measured run on their own, as plain Node.js processes.
import { runnerImport } from 'vite';

const { module } = await runnerImport(new URL('./main.ts', import.meta.url).pathname, { logLevel: 'error' });
await module.run(process.argv.slice(2));
process.exit();
