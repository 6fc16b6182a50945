"""The pages, one controller a file."""

from appliance.web.pages.access import AccessPages
from appliance.web.pages.account import AccountPages
from appliance.web.pages.air_gap import AirGapPages
from appliance.web.pages.events import EventStream
from appliance.web.pages.health import HealthAnswer
from appliance.web.pages.library import LibraryPage
from appliance.web.pages.model_events import ModelEvents
from appliance.web.pages.model_uploads import ModelUploadSteps
from appliance.web.pages.models import ModelPages
from appliance.web.pages.organisation import ConsentAnswers, OrganisationPages
from appliance.web.pages.packs import PackPages
from appliance.web.pages.people import PeoplePages
from appliance.web.pages.preferences import PreferenceForm
from appliance.web.pages.recordings import RecordingPages
from appliance.web.pages.sealed import IndexPages, SealedPages
from appliance.web.pages.search import SearchPages
from appliance.web.pages.shares import OwnLinkPages, SharedPages
from appliance.web.pages.sign_in import SignInPages
from appliance.web.pages.trust import TrustPages
from appliance.web.pages.uploads import UploadSteps
from appliance.web.pages.vault import VaultAnswers
from appliance.web.pages.vocabularies import VocabularyAnswers
from appliance.web.pages.what_it_sees import WhatItSeesPage
from appliance.web.pages.workspaces import PlaceAnswers, WorkspacePages
from appliance.web.pages.your_data import YourDataPages

CONTROLLERS = (
    AccessPages,
    AccountPages,
    AirGapPages,
    ConsentAnswers,
    EventStream,
    HealthAnswer,
    IndexPages,
    LibraryPage,
    ModelEvents,
    ModelPages,
    ModelUploadSteps,
    OrganisationPages,
    OwnLinkPages,
    PackPages,
    PeoplePages,
    PlaceAnswers,
    PreferenceForm,
    RecordingPages,
    SealedPages,
    SharedPages,
    SignInPages,
    SearchPages,
    TrustPages,
    UploadSteps,
    VaultAnswers,
    VocabularyAnswers,
    WhatItSeesPage,
    YourDataPages,
    WorkspacePages,
)
