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
  readonly files: Readonly<Record<string, Buffer>>;
  /** The hash the listing claims, where it shall be wrong. */
  readonly claimedHash?: string;
  /** Cuts the first body after so many bytes. */
  readonly cutFirstBodyAt?: number;
  /** Answers everything with this status. */
  readonly status?: number;
}

/** Answers what the Hugging Face hub answers to a listing and to a download with ranges, on this machine. */
export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const log: string[] = [];
  let cutAt = options.cutFirstBodyAt;
  let authorization: string | undefined;
  const server = createServer((request, response) => {
    const { range } = request.headers;
    log.push(`${request.method} ${request.url}${range === undefined ? '' : ` ${range}`}`);
    authorization = request.headers.authorization;
    if (options.status !== undefined) return response.writeHead(options.status).end();
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path.startsWith(`/api/models/${options.repo}/tree/`)) return sendTree(response, options);
    const name = path.replace(new RegExp(`^/${options.repo}/resolve/[^/]+/`), '');
    const body = options.files[name];
    if (body === undefined)
      return response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
    const isProbe = range === 'bytes=0-0';
    sendBody(request, response, body, isProbe ? undefined : cutAt);
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

function sendTree(response: ServerResponse, { files, claimedHash }: HubServerOptions): void {
  const entries = Object.entries(files).map(([path, body]) => ({
    type: 'file',
    path,
    oid: '0'.repeat(40),
    size: body.length,
    ...(path.endsWith('.gguf') && {
      lfs: { oid: claimedHash ?? sha256(body), size: body.length, pointerSize: 130 },
    }),
  }));
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(entries));
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

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
