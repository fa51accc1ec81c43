export { type LightGBMOptions, readLightGBM } from './read.ts'
