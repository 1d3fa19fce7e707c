//! The document around every page, the console's frame, and which page an
//! address has.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Outlet, ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use sluice_domain::user::Role;

use crate::access_keys::AccessKeysPage;
use crate::account::AccountPage;
use crate::aliases::AliasesPage;
use crate::api_groups::{
    ApiGroupPage, ApiGroupsPage, GatewayResponsesPage, GroupApisPage, GroupInformationPage,
    StageVariablesPage,
};
use crate::apis::{ApiPage, ApisPage};
use crate::audit::AuditLogPage;
use crate::authorizers::AuthorizersPage;
use crate::certificates::CertificatesPage;
use crate::code::CodePage;
use crate::credentials::CredentialsPage;
use crate::debug::DebugPage;
use crate::domain_names::DomainNamesPage;
use crate::environments::EnvironmentsPage;
use crate::functions::{CreateFunctionPage, FunctionListPage, FunctionPage};
use crate::gateway_settings::GatewaySettingsPage;
use crate::logs::LogsPage;
use crate::metrics::MetricsPage;
use crate::monitoring::MonitoringPage;
use crate::policies::PoliciesPage;
use crate::routes;
use crate::session::{SessionState, SignInPage, UserMenu, WelcomePage, read_session};
use crate::settings::{
    BasicSettingsPage, ConcurrencyPage, ConfigurationPage, EnvVarsPage, NetworkPage,
};
use crate::system::SystemPage;
use crate::triggers::TriggersPage;
use crate::users::UsersPage;
use crate::versions::VersionsPage;

/// Where the page finds its script, its style and its WebAssembly. The server
/// knows: the names change with their content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// The script that loads the WebAssembly.
    pub script: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The style sheet.
    pub style: String,
    /// The code editor.
    pub editor: String,
}

/// The colours that a visitor chose, kept in the cookie `theme`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system has.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Its name in the cookie and in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name; the system's for any other text.
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.name() == name)
            .unwrap_or_default()
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => "Theme: System",
            Self::Light => "Theme: Light",
            Self::Dark => "Theme: Dark",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// The document that the server sends: the page, rendered, and what the
/// browser needs to take it over.
pub fn shell(assets: &Assets) -> impl IntoView + use<> {
    let theme = use_context::<Theme>().unwrap_or_default();
    let start = format!(
        "import init, {{ hydrate }} from '{}'; init({{ module_or_path: '{}' }}).then(() => hydrate());",
        assets.script, assets.wasm
    );
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.name()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%230f6b62'/%3E%3Cpath d='M8 8v16M24 8v16M8 13h16M11 19c2-2 3 2 5 0s3-2 5 0' stroke='white' stroke-width='2.6' fill='none' stroke-linecap='round'/%3E%3C/svg%3E"/>
                <link rel="stylesheet" href=assets.style.clone()/>
                <link rel="modulepreload" href=assets.script.clone()/>
                <link rel="preload" href=assets.wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin=""/>
                <script type="module" nonce=use_nonce() src=assets.editor.clone()></script>
                <script type="module" nonce=use_nonce() inner_html=start></script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The console.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // From here on the page answers to the pointer; tests wait for it.
    Effect::new(|| {
        if let Some(body) = document().body() {
            drop(body.set_attribute("data-hydrated", "true"));
        }
    });
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Sluice".to_owned() } else { format!("{title} - Sluice") }/>
        <Router>
            <Routes fallback=|| view! { <main class="form-page"><NotFoundPage/></main> }>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/welcome") view=WelcomePage ssr=SsrMode::Async/>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=|| view! { <Redirect path=routes::FUNCTIONS/> }/>
                    <Route path=path!("/functions") view=FunctionListPage ssr=SsrMode::Async/>
                    <Route path=path!("/create-function") view=CreateFunctionPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/apis") view=ApisPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/apis/:api_id") view=ApiPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/environments") view=EnvironmentsPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/groups") view=ApiGroupsPage ssr=SsrMode::Async/>
                    <ParentRoute path=path!("/api-gateway/groups/:group_id") view=ApiGroupPage ssr=SsrMode::Async>
                        <Route path=path!("apis") view=GroupApisPage/>
                        <Route path=path!("information") view=GroupInformationPage/>
                        <Route path=path!("variables") view=StageVariablesPage/>
                        <Route path=path!("responses") view=GatewayResponsesPage/>
                        <Route path=path!("") view=GroupApisPage/>
                    </ParentRoute>
                    <Route path=path!("/api-gateway/policies") view=PoliciesPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/authorizers") view=AuthorizersPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/credentials") view=CredentialsPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/apis/:api_id/debug") view=DebugPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/domain-names") view=DomainNamesPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/certificates") view=CertificatesPage ssr=SsrMode::Async/>
                    <Route path=path!("/api-gateway/settings") view=GatewaySettingsPage ssr=SsrMode::Async/>
                    <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                    <Route path=path!("/users") view=UsersPage ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view=AuditLogPage ssr=SsrMode::Async/>
                    <Route path=path!("/system") view=SystemPage ssr=SsrMode::Async/>
                    <Route path=path!("/access-keys") view=AccessKeysPage ssr=SsrMode::Async/>
                    <ParentRoute path=path!("/functions/:name") view=FunctionPage ssr=SsrMode::Async>
                        <Route path=path!("code") view=CodePage/>
                        <ParentRoute path=path!("monitoring") view=MonitoringPage>
                            <Route path=path!("metrics") view=MetricsPage/>
                            <Route path=path!("logs") view=LogsPage/>
                        </ParentRoute>
                        <Route path=path!("version") view=VersionsPage/>
                        <Route path=path!("aliases") view=AliasesPage/>
                        <ParentRoute path=path!("configuration") view=ConfigurationPage>
                            <Route path=path!("basic-settings") view=BasicSettingsPage/>
                            <Route path=path!("triggers") view=TriggersPage/>
                            <Route path=path!("environment-variables") view=EnvVarsPage/>
                            <Route path=path!("concurrency") view=ConcurrencyPage/>
                            <Route path=path!("network") view=NetworkPage/>
                            <Route path=path!("") view=BasicSettingsPage/>
                        </ParentRoute>
                        <Route path=path!("") view=CodePage/>
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// What stands around every page: the bar at the top and the navigation pane.
#[component]
fn Frame() -> impl IntoView {
    let state = Resource::new(|| (), |()| read_session());
    let pathname = use_location().pathname;
    // On the list itself it is the page; inside a function it is the place.
    let current = move || match pathname.read().as_str() {
        routes::FUNCTIONS => Some("page"),
        path if path.starts_with(routes::FUNCTIONS) || path == routes::CREATE_FUNCTION => {
            Some("true")
        }
        _ => None,
    };
    let groups = move || match pathname.read().as_str() {
        routes::API_GROUPS => Some("page"),
        path => path.starts_with(routes::API_GROUPS).then_some("true"),
    };
    let on = move |page: &'static str| move || (*pathname.read() == page).then_some("page");
    let on_apis = move || match pathname.read().strip_prefix(routes::APIS) {
        Some("") => Some("page"),
        Some(below) => below.starts_with('/').then_some("true"),
        None => None,
    };
    view! {
        <a class="skip-link" href="#content" rel="external">"Skip to content"</a>
        <header class="top-bar">
            <a href=routes::FUNCTIONS class="top-bar__brand">"Sluice"</a>
            <div class="top-bar__actions">
                <ThemeButton/>
                <UserMenu state/>
            </div>
        </header>
        <div class="frame">
            <nav class="nav-pane" aria-label="Console">
                <p class="nav-pane__group" id="nav-functions">"Functions"</p>
                <ul class="nav-pane__list" aria-labelledby="nav-functions">
                    <li>
                        <a href=routes::FUNCTIONS class="nav-pane__link" aria-current=current>
                            "Function List"
                        </a>
                    </li>
                </ul>
                <p class="nav-pane__group" id="nav-api-gateway">"API Gateway"</p>
                <ul class="nav-pane__list" aria-labelledby="nav-api-gateway">
                    <li>
                        <a href=routes::APIS class="nav-pane__link" aria-current=on_apis>"APIs"</a>
                    </li>
                    <li>
                        <a href=routes::API_GROUPS class="nav-pane__link" aria-current=groups>"API Groups"</a>
                    </li>
                    <li>
                        <a href=routes::ENVIRONMENTS class="nav-pane__link" aria-current=on(routes::ENVIRONMENTS)>"Environments"</a>
                    </li>
                    <li>
                        <a href=routes::AUTHORIZERS class="nav-pane__link" aria-current=on(routes::AUTHORIZERS)>"Custom Authorizers"</a>
                    </li>
                    <li>
                        <a href=routes::CREDENTIALS class="nav-pane__link" aria-current=on(routes::CREDENTIALS)>"Credentials"</a>
                    </li>
                    <li>
                        <a href=routes::POLICIES class="nav-pane__link" aria-current=on(routes::POLICIES)>"Policies"</a>
                    </li>
                    <li>
                        <a href=routes::DOMAIN_NAMES class="nav-pane__link" aria-current=on(routes::DOMAIN_NAMES)>"Domain Names"</a>
                    </li>
                    <li>
                        <a href=routes::CERTIFICATES class="nav-pane__link" aria-current=on(routes::CERTIFICATES)>"Certificates"</a>
                    </li>
                    <li>
                        <a href=routes::GATEWAY_SETTINGS class="nav-pane__link" aria-current=on(routes::GATEWAY_SETTINGS)>"Gateway Settings"</a>
                    </li>
                </ul>
                <p class="nav-pane__group" id="nav-my-credentials">"My Credentials"</p>
                <ul class="nav-pane__list" aria-labelledby="nav-my-credentials">
                    <li>
                        <a href=routes::ACCOUNT class="nav-pane__link" aria-current=on(routes::ACCOUNT)>"My Account"</a>
                    </li>
                    <li>
                        <a href=routes::ACCESS_KEYS class="nav-pane__link" aria-current=on(routes::ACCESS_KEYS)>"Access Keys"</a>
                    </li>
                </ul>
                <Transition>
                    {move || Suspend::new(async move {
                        let state = state.await;
                        let is_administrator = matches!(state, Ok(SessionState::SignedIn(user)) if user.role == Role::Administrator);
                        is_administrator.then(|| view! {
                            <p class="nav-pane__group" id="nav-administration">"Administration"</p>
                            <ul class="nav-pane__list" aria-labelledby="nav-administration">
                                <li>
                                    <a href=routes::USERS class="nav-pane__link" aria-current=on(routes::USERS)>"Users"</a>
                                </li>
                                <li>
                                    <a href=routes::AUDIT class="nav-pane__link" aria-current=on(routes::AUDIT)>"Audit Log"</a>
                                </li>
                                <li>
                                    <a href=routes::SYSTEM class="nav-pane__link" aria-current=on(routes::SYSTEM)>"System"</a>
                                </li>
                            </ul>
                        })
                    })}
                </Transition>
            </nav>
            <main class="content" id="content" tabindex="-1"><Outlet/></main>
        </div>
    }
}

/// Switches between the system's colours, light and dark.
#[component]
fn ThemeButton() -> impl IntoView {
    let theme = RwSignal::new(Theme::default());
    Effect::new(move || {
        let root = document().document_element();
        theme.set(Theme::from_name(
            &root
                .and_then(|root| root.get_attribute("data-theme"))
                .unwrap_or_default(),
        ));
    });
    let press = move |_| {
        let next = theme.get_untracked().next();
        theme.set(next);
        keep_theme(next);
    };
    view! { <button type="button" class="button button--link" on:click=press>{move || theme.get().label()}</button> }
}

#[cfg(feature = "hydrate")]
fn keep_theme(theme: Theme) {
    use wasm_bindgen::JsCast;

    if let Some(root) = document().document_element() {
        drop(root.set_attribute("data-theme", theme.name()));
    }
    if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
        drop(page.set_cookie(&format!(
            "theme={}; Path=/; Max-Age=31536000; SameSite=Lax",
            theme.name()
        )));
    }
}

#[cfg(not(feature = "hydrate"))]
fn keep_theme(_: Theme) {}

#[component]
fn NotFoundPage() -> impl IntoView {
    view! {
        <section class="card form-page__card">
            <h1 class="form-page__title">"There is no such page"</h1>
            <p><a href=routes::FUNCTIONS>"Function List"</a></p>
        </section>
    }
}
