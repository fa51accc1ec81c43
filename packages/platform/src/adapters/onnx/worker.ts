import { parentPort } from 'node:worker_threads'
import { serveSessions } from '../../domain/inference/index.ts'
import { onnxRuntime } from './runtime.ts'

if (parentPort) serveSessions(parentPort, onnxRuntime())
