/** The response headers of Twilio's REST API (as seen in a real trace; no CORS headers, which are the server's choice). */

/** `requestId` is `RQ` + 32 hex. */
export function responseHeaders(requestId: string, durationMs: number, concurrent: number): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Twilio-Request-Id': requestId,
    'Twilio-Request-Duration': (durationMs / 1000).toFixed(3),
    'Twilio-Concurrent-Requests': String(concurrent),
    'X-Home-Region': 'us1',
    'X-API-Domain': 'api.twilio.com',
    'X-Powered-By': 'AT-5000',
    'X-Shenanigans': 'none',
    'Strict-Transport-Security': 'max-age=31536000',
  };
}

/** What a 401 carries beside its body. */
export const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="Twilio API"' } as const;
