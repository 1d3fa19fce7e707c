use leptos::prelude::*;
use leptos_meta::Title;

use super::GroupView;
use super::group::{current_group, title};
use crate::apis::{ApiRow, PublishedBadges};
use crate::routes;
use crate::ui::{Card, Loaded};

/// The APIs of a group.
#[component]
pub(crate) fn GroupApisPage() -> impl IntoView {
    view! { <Loaded resource=current_group().details view=|view| view! { <GroupApis view/> }/> }
}

#[component]
fn GroupApis(view: GroupView) -> impl IntoView {
    let title = title("APIs", &view);
    let table = if view.apis.is_empty() {
        view! {
            <div class="empty">
                <p class="empty__title">"No APIs yet"</p>
                <p>"A function's trigger publishes an API: choose this group where you create the trigger."</p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <div class="table-frame" role="region" aria-label="APIs of the group" tabindex="0">
                <table class="table">
                    <caption class="visually-hidden">"APIs of the group"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"API Name"</th>
                            <th scope="col">"Path"</th>
                            <th scope="col">"Method"</th>
                            <th scope="col">"Published In"</th>
                            <th scope="col">"Security Authentication"</th>
                            <th scope="col">"Function"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {view.apis.into_iter().map(|row| view! { <GroupApi row/> }).collect_view()}
                    </tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <Title text=title/>
        <Card title="APIs">{table}</Card>
    }
}

#[component]
fn GroupApi(row: ApiRow) -> impl IntoView {
    let settings = row.api.settings;
    let function = row.function_name.to_string();
    view! {
        <tr>
            <td><a href=routes::api(&row.api.api_id)>{settings.api_name.to_string()}</a></td>
            <td class="table__text"><code>{settings.path.to_string()}</code></td>
            <td>{settings.method.label()}</td>
            <td><span class="badges"><PublishedBadges published=row.published/></span></td>
            <td>{settings.authentication.label()}</td>
            <td><a href=routes::triggers(&function)>{function.clone()}</a></td>
        </tr>
    }
}
