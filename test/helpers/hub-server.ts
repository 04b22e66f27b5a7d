import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubServer {
  readonly url: string;
  /** Method, path and range of every request so far. */
  readonly log: string[];
  /** Authorization header of the last request. */
  readonly authorization: () => string | undefined;
  close(): Promise<void>;
}

export interface HubServerOptions {
  readonly repo: string;
  /** Default a model. */
  readonly type?: 'dataset';
  /** A repository of the same type without files. */
  readonly emptyRepo?: string;
  /** Commit that its branch is at. */
  readonly commit?: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** The hash the listing claims, where it shall be wrong. */
  readonly claimedHash?: string;
  /** Cuts the first body after so many bytes. */
  readonly cutFirstBodyAt?: number;
  /** Answers the first request for a file with this status. */
  readonly firstFileStatus?: number;
  /** Answers everything with this status. */
  readonly status?: number;
}

/** Answers what the Hugging Face hub answers to a listing and to a download with ranges, on this machine. */
export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const log: string[] = [];
  let cutAt = options.cutFirstBodyAt;
  const refusals = [options.firstFileStatus];
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    const { range } = request.headers;
    log.push(`${request.method} ${request.url}${range === undefined ? '' : ` ${range}`}`);
    authorization = request.headers.authorization;
    const path = (request.url ?? '').split('?')[0] ?? '';
    const json = answerOfApi(path, options);
    const status = options.status ?? (json === undefined ? refusals.pop() : undefined);
    if (status !== undefined) return response.writeHead(status).end();
    if (json !== undefined) return sendJson(response, json);
    const isProbe = range === 'bytes=0-0';
    sendFile(request, response, {
      body: options.files[fileName(path, options)],
      cutAt: isProbe ? undefined : cutAt,
    });
    if (!isProbe) cutAt = undefined;
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    authorization: () => authorization,
    close: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };
}

/** What the hub's API answers, or undefined where a file is asked for. */
function answerOfApi(path: string, options: HubServerOptions): unknown {
  const { repo, emptyRepo, commit, type = 'model' } = options;
  const api = `/api/${type}s/`;
  if (path.startsWith(`${api}${emptyRepo}/tree/`)) return [];
  if (path.startsWith(`${api}${repo}/tree/`)) return treeOf(options);
  if (!path.startsWith(`${api}${repo}/revision/`)) return undefined;
  return { _id: '0', id: repo, sha: commit, lastModified: '2026-01-01T00:00:00.000Z' };
}

function treeOf({ files, claimedHash }: HubServerOptions): unknown {
  return Object.entries(files).map(([path, body]) => ({
    type: 'file',
    path,
    oid: gitHash(body),
    size: body.length,
    ...(/\.(gguf|parquet)$/.test(path) && {
      lfs: { oid: claimedHash ?? sha256(body), size: body.length, pointerSize: 130 },
    }),
  }));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { body, cutAt }: { body: Buffer | undefined; cutAt: number | undefined },
): void {
  if (body === undefined) response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
  else sendBody(request, response, body, cutAt);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function fileName(path: string, { repo, type }: HubServerOptions): string {
  const home = type === 'dataset' ? `/datasets/${repo}` : `/${repo}`;
  return path.replace(new RegExp(`^${home}/resolve/[^/]+/`), '');
}

function sendBody(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  cutAt: number | undefined,
): void {
  const match = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
  const first = Number(match?.[1] ?? 0);
  const last = Number(match?.[2] ?? body.length - 1);
  response.writeHead(match === null ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': last - first + 1,
    'Content-Range': `bytes ${first}-${last}/${body.length}`,
    ETag: `"${sha256(body)}"`,
  });
  const slice = body.subarray(first, last + 1);
  if (cutAt === undefined) return void response.end(slice);
  // Let the client see what was sent before the connection breaks.
  response.write(slice.subarray(0, cutAt), () => setTimeout(() => response.destroy(), 100));
}

/** Id of the object that Git makes of a file. */
function gitHash(data: Buffer): string {
  return createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
}

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
