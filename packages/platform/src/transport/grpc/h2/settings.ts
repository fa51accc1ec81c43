import { CODE, ConnectionError, DEFAULT_FRAME_BYTES, MOST_WINDOW, SETTING } from './protocol.ts'

const SETTING_BYTES = 6
/** More in one frame are nobody's honest settings. */
const MOST_SETTINGS = 32
const MOST_FRAME_BYTES = 2 ** 24 - 1

/** Settings as the payload of their frame. */
export function settingsFrame(settings: readonly (readonly [name: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(SETTING_BYTES * settings.length)
  let at = 0
  for (const [name, value] of settings) {
    at = payload.writeUInt16BE(name, at)
    at = payload.writeUInt32BE(Math.min(value, 2 ** 32 - 1), at)
  }
  return payload
}

/** The settings in a payload, in their order: RFC 9113, 6.5. Throws ConnectionError. */
export function settingsIn(payload: Buffer): [name: number, value: number][] {
  if (payload.length % SETTING_BYTES !== 0) throw new ConnectionError(CODE.frameSize, 'settings are cut off')
  if (payload.length > MOST_SETTINGS * SETTING_BYTES) throw new ConnectionError(CODE.calm, `more than ${MOST_SETTINGS} settings`)
  const settings: [number, number][] = []
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    const setting: [number, number] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)]
    check(setting)
    settings.push(setting)
  }
  return settings
}

function check([name, value]: [number, number]): void {
  if (name === SETTING.push && value > 1) throw new ConnectionError(CODE.protocol, `push is ${value}`)
  if (name === SETTING.window && value > MOST_WINDOW) throw new ConnectionError(CODE.flowControl, `a window of ${value} bytes`)
  if (name === SETTING.frameBytes && (value < DEFAULT_FRAME_BYTES || value > MOST_FRAME_BYTES)) {
    throw new ConnectionError(CODE.protocol, `frames of ${value} bytes`)
  }
}
