import * as Schedules from "effect-cano/schedules"
import { contract } from "./contract.ts"

contract("in memory", Schedules.makeMemory)
