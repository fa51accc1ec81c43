import { parentPort, workerData } from 'node:worker_threads'
import { type InsideAsk, lookInsideAnswers } from './inside-answers.ts'

const port = parentPort!
port.postMessage(await lookInsideAnswers(workerData as InsideAsk))
