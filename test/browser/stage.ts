/** A gateway, a provider, a browser, and a program on the person's computer which asks for access. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, BrowserContextOptions, Page, Response } from 'playwright-core';
import { expect } from 'vitest';
import {
  BASE_URL,
  type Begun,
  type Client,
  type LoginLab,
  type LoginLabOptions,
  loginRecords,
  newClient,
  startLoginLab,
} from '../support/login.ts';
import { type Chromium, startChromium } from './chromium.ts';

/** A program that listens for its answer, as Claude Code and mcp-remote do. */
export interface Program {
  readonly client: Client;
  /** What the browser brought, the oldest first. */
  readonly answers: readonly URL[];
  stop(): Promise<void>;
}

export interface Stage {
  readonly lab: LoginLab;
  readonly program: Program;
  /** A person's browser with nothing in it. */
  person(options?: BrowserContextOptions): Promise<Person>;
  stop(): Promise<void>;
}

export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Of browsers' complaints about what a page may not do. */
  readonly complaints: readonly string[];
  /** Opens what a program asks for, and leaves the person at what comes first. */
  open(begun: Pick<Begun, 'url'>): Promise<Response | null>;
  /** From the question to the provider's login page. */
  allow(): Promise<void>;
  /** Fills in the provider's login page. */
  logIn(username: string): Promise<void>;
}

export async function startStage(options: LoginLabOptions = {}): Promise<Stage> {
  const lab = await startLoginLab(options);
  const chromium: Chromium = await startChromium(BASE_URL, lab.origin);
  const program = await startProgram(lab);
  return {
    lab,
    program,
    person: (context) => newPerson(chromium, lab, context),
    async stop() {
      await chromium.stop();
      await program.stop();
      await lab.stop();
    },
  };
}

async function startProgram(lab: LoginLab, client_name = 'Claude Code'): Promise<Program> {
  const answers: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    if (url.pathname === '/callback') answers.push(url);
    response
      .writeHead(url.pathname === '/callback' ? 200 : 404, { 'content-type': 'text/html' })
      .end('<!doctype html><html lang="en"><title>Back in the program</title><h1>Back in the program</h1></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const redirect = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const client = await newClient(lab, { client_name, redirect_uris: [redirect] });
  return {
    client,
    answers,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function newPerson({ browser }: Chromium, lab: LoginLab, options?: BrowserContextOptions): Promise<Person> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (/Security Policy|Refused|mixed content|insecure/i.test(message.text())) complaints.push(message.text());
  });
  return {
    context,
    page,
    complaints,
    open: ({ url }) => page.goto(url),
    async allow() {
      await page.getByRole('button', { name: /^Allow/ }).click();
      await page.waitForURL((url) => url.origin === lab.provider.issuer);
    },
    async logIn(username) {
      await page.getByLabel('User name').fill(username);
      await page.getByLabel('Password').fill('lab');
      await page.getByRole('button', { name: 'Log in' }).click();
    },
  };
}

/** From now on, whatever leads to `origin` leaves the browser where it is. */
export async function stay(page: Page, origin: string): Promise<void> {
  await page.route(`${origin}/**`, (route) => route.fulfill({ status: 204 }));
}

/** A page of the gateway whose heading says this, with the number under which the record gives that reason. */
export async function expectProblem(lab: LoginLab, page: Page, title: RegExp, reason?: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
  const requestId = await page.locator('footer code').textContent();
  const record = loginRecords(lab).findLast(({ request_id }) => request_id === requestId);
  if (reason !== undefined) expect(record).toMatchObject({ reason, error_code: expect.any(String) });
  const body = await page.locator('body').textContent();
  expect(body).not.toMatch(/eyJ|\.ts:|Error:/);
}
