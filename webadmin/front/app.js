// Every page's behaviour: each part looks for its own element and does nothing where it is absent.
import "htmx.org";
import { startCommands } from "./commands.js";
import { startDesk } from "./desk.js";
import { startFloor } from "./floor.js";
import { startFrame } from "./frame.js";
import { startPalette } from "./palette.js";
import { startRecording } from "./recording.js";
import { startUpload } from "./upload.js";

startFrame();
startCommands();
startPalette();
startDesk();
startFloor();
startRecording();
startUpload();
