import type { Socket } from "node:net";

/**
 * Waits for the first byte of a connection. It can be read again afterwards, with all that came behind it. A client that
 * leaves before is forgotten.
 */
export function whenFirstByte(socket: Socket, done: (byte: number) => void): void {
  const leave = (): void => void socket.destroy();
  const stop = (): void => {
    socket.off("readable", read).off("end", leave).off("error", leave).off("close", stop);
  };
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    const byte = chunk?.[0];
    if (chunk === null || byte === undefined) return;
    socket.unshift(chunk);
    stop();
    done(byte);
  };
  socket.on("readable", read).once("end", leave).once("error", leave).once("close", stop);
}
