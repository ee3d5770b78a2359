/** CRC-32C (Castagnoli), which LevelDB puts on its log records; node:zlib has only the other CRC-32. */

const bitByBit = (byte: number): number => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
};

const table = Uint32Array.from({ length: 256 }, (_, byte) => bitByBit(byte));

/** Of `bytes[from..to)`, as an unsigned number. */
export const crc32c = (bytes: Uint8Array, from: number, to: number): number => {
  let crc = 0xffffffff;
  for (let at = from; at < to; at += 1) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
};
harden(crc32c);
