// @ts-check
/** What every page does. */

import { letMenusClose } from "./menus.js";
import { showMoments } from "./moments.js";
import { letNoticesClose } from "./notices.js";
import { staySignedInWhileActive } from "./presence.js";
import { letPeopleSearch } from "./search.js";
import { forgetKeysTogether } from "./signing_out.js";
import { letPeopleSearchPrivately } from "./search_privately.js";
import { switchThemesInPlace } from "./themes.js";

letMenusClose();
letNoticesClose();
letPeopleSearch();
letPeopleSearchPrivately();
showMoments();
staySignedInWhileActive();
forgetKeysTogether();
switchThemesInPlace();
