import { parentPort, workerData } from 'node:worker_threads'
import { type InsideTask, lookInside } from '../model/compiled/inside.ts'

const port = parentPort!
port.postMessage(lookInside(workerData as InsideTask))
