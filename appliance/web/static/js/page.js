// @ts-check
/** What every page does. */

import { letMenusClose } from "./menus.js";
import { showMoments } from "./moments.js";
import { letNoticesClose } from "./notices.js";
import { staySignedInWhileActive } from "./presence.js";
import { forgetKeysWhenSignedOut } from "./signing_out.js";
import { switchThemesInPlace } from "./themes.js";

letMenusClose();
letNoticesClose();
showMoments();
staySignedInWhileActive();
forgetKeysWhenSignedOut();
switchThemesInPlace();
