// Ends with 0 where the broker in this container is healthy. NAKADI_PORT says its port, 8080 if unset.
const port = process.env.NAKADI_PORT ?? "8080";
const { status } = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => ({
  status: 0,
}));
process.exitCode = status === 200 ? 0 : 1;
