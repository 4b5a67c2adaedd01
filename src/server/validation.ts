/** Queries, headers, paths and bodies are checked by their zod schemas; faults come out as ours. */

import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { TollboardError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { bodyError, firstFault } from './request-body.ts';

export const zodValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  return (value: unknown) => {
    const result = schema.safeParse(value);
    return result.success ? { value: result.data } : { error: faultOf(httpPart, result.error, schema, value) };
  };
};

/** For bodies that the gateway itself checks by the tables: everything else of the route is checked here. */
export const looseValidator: FastifySchemaCompiler<unknown> = ({ schema, ...route }) =>
  route.httpPart === 'body' ? (value: unknown) => ({ value }) : zodValidator({ ...route, schema: schema as z.ZodType });

function faultOf(part: string | undefined, error: z.ZodError, schema: z.ZodType, value: unknown): TollboardError {
  if (part === 'body') return bodyError(error, value);
  const fault = firstFault(error, value);
  if (part === 'headers') {
    const { where: name, expected } = fault;
    return new TollboardError('TOLLBOARD_HTTP_HEADER_INVALID', { details: { name, expected } });
  }
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const unknown = known.includes(fault.where) ? null : fault.where;
  const near = unknown === null ? null : nearest(unknown, known);
  const expected =
    unknown === null ? fault.expected : `one of ${known.join(', ')}${near === null ? '' : ` (${near}?)`}`;
  return new TollboardError('TOLLBOARD_HTTP_QUERY_INVALID', {
    details: { name: fault.where, value: unknown === null ? fault.value : 'not known here', expected },
  });
}
