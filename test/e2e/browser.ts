import { existsSync } from 'node:fs'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Path of a Chromium to test with: `FAIRLEAD_CHROMIUM`, or one in a usual place; undefined when there is none. */
export function findBrowser(): string | undefined {
  const named = process.env.FAIRLEAD_CHROMIUM
  return named ? named : PLACES.find((path) => existsSync(path))
}
