/** What every route of the server needs: the gateway behind it, time and chance, and its own limits. */

import type { Server } from 'node:http';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { AutomationGateway } from '../core/automations.ts';
import type { GatewayApi } from '../core/gateway-api.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { SinkGateway } from '../core/sinks.ts';
import type { HostRunner } from './hosts.ts';

/** Everything is bounded. The defaults serve one gateway on one machine; tests make them small. */
export interface ServerLimits {
  /** Bytes of a JSON body: 10,000 recipients with channel prefixes fit twice. Default 1 MiB. */
  bodyBytes: number;
  /** Bytes of a callback's form. Default 64 KiB. */
  formBytes: number;
  /** Bytes of a form of the facade: the largest create there is (4,000 characters of TwiML) takes a quarter. Default 256 KiB. */
  facadeBytes: number;
  /** Open connections; a further one takes the place of an idle one. Default 2,048. */
  connections: number;
  /** Milliseconds in which the headers must have come. Default 10,000. */
  headersMs: number;
  /** Milliseconds in which the whole request must have come. Default 30,000. */
  requestMs: number;
  /** How often both are looked at. Default 2,000. */
  checkMs: number;
  /** Milliseconds an idle connection is kept. Default 30,000. */
  keepAliveMs: number;
  /** Live streams at a time. Default 100. */
  streams: number;
  /** Bytes waiting for one reader of a live stream. Default 1 MiB. */
  streamBytes: number;
  /** Milliseconds between heartbeats of a live stream. Default 15,000. */
  heartbeatMs: number;
  /** Milliseconds that a stop waits for requests under way before it closes their connections. Default 10,000. */
  graceMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 1024 * 1024,
  formBytes: 64 * 1024,
  facadeBytes: 256 * 1024,
  connections: 2048,
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 2_000,
  keepAliveMs: 30_000,
  streams: 100,
  streamBytes: 1024 * 1024,
  heartbeatMs: 15_000,
  graceMs: 10_000,
};

export interface ServerContext {
  readonly gateway: GatewayApi;
  readonly automations: AutomationGateway;
  readonly sinks: SinkGateway;
  /** By name. */
  readonly hosts: ReadonlyMap<string, HostRunner>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly version: string;
  readonly simulated: () => boolean;
  readonly limits: ServerLimits;
  /** Aborts when the server stops: live streams end. */
  readonly closing: AbortSignal;
}

/** The Fastify instance on which routes are declared: schemas are zod's. */
export type Api = FastifyInstance<
  Server,
  RawRequestDefaultExpression<Server>,
  RawReplyDefaultExpression<Server>,
  FastifyBaseLogger,
  ZodTypeProvider
>;
