// A component: it runs in the router's process, with its own session.
export default async function backend(session) {
  await session.register("com.example.add2", ([a, b]) => a + b);
  await session.subscribe("com.example.topic1", ([text]) => console.log(`backend got: ${text}`));
}
