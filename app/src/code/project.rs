use std::collections::BTreeSet;

use leptos::prelude::*;

use super::files::{Files, check, size};
use crate::code::FileView;
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, Dialog, TextField};

/// Up to so many files all folders are open at first.
const OPEN_FILES: usize = 50;

/// One line of the project: a folder or a file in an open one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Row {
    Folder {
        path: String,
        depth: usize,
        is_open: bool,
    },
    File {
        path: String,
        depth: usize,
    },
}

/// The lines of a project, whose paths come in order. Only those in open folders: a package may
/// have thousands of files.
fn rows<'a>(paths: impl Iterator<Item = &'a str>, open: &BTreeSet<String>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut last = ""; // the folder that a line was written for last
    for path in paths {
        let mut shown = true;
        let mut depth = 0;
        for (end, _) in path.match_indices('/') {
            let folder = &path[..end];
            let is_open = open.contains(folder);
            let known = last == folder
                || last
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'));
            if shown && !known {
                rows.push(Row::Folder {
                    path: folder.to_owned(),
                    depth,
                    is_open,
                });
                last = folder;
            }
            shown &= is_open;
            depth += 1;
        }
        if shown {
            rows.push(Row::File {
                path: path.to_owned(),
                depth,
            });
        }
    }
    rows
}

/// The folders that a file is in.
fn folders(path: &str) -> impl Iterator<Item = String> {
    path.match_indices('/')
        .map(|(end, _)| path[..end].to_owned())
}

/// The list of files beside the editor, by folders.
#[component]
pub(super) fn Project(
    files: RwSignal<Files>,
    deployed: RwSignal<Files>,
    selected: RwSignal<String>,
) -> impl IntoView {
    let new_file_open = RwSignal::new(false);
    let open = RwSignal::new(files.with_untracked(|files| {
        let few = files.len() <= OPEN_FILES;
        let paths = files
            .keys()
            .filter(|path| few || **path == *selected.read_untracked());
        paths
            .flat_map(|path| folders(path))
            .collect::<BTreeSet<_>>()
    }));
    // What is selected can be seen: a new file, or one with an error.
    Effect::new(move || {
        let above: Vec<_> = folders(&selected.read()).collect();
        if !above
            .iter()
            .all(|folder| open.read_untracked().contains(folder))
        {
            open.update(|open| open.extend(above));
        }
    });
    let rows = move || rows(files.read().keys().map(String::as_str), &open.read());
    view! {
        <div class="project">
            <div class="project__header">
                <h3 class="project__title">"Project"</h3>
                <Button kind=ButtonKind::Link on_press=Callback::new(move |()| new_file_open.set(true))>"New File"</Button>
            </div>
            <ul class="project__files">
                <For each=rows key=Row::clone let:row>
                    {match row {
                        Row::Folder { path, depth, is_open } => view! { <ProjectFolder path depth is_open open/> }.into_any(),
                        Row::File { path, depth } => view! { <ProjectFile path depth files deployed selected/> }.into_any(),
                    }}
                </For>
            </ul>
        </div>
        <Dialog title="New File" open=new_file_open>
            <NewFileForm files selected open=new_file_open/>
        </Dialog>
    }
}

/// The last part of a path: the lines above say the others, but not to who only hears them.
fn name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[component]
fn ProjectFolder(
    path: String,
    depth: usize,
    is_open: bool,
    open: RwSignal<BTreeSet<String>>,
) -> impl IntoView {
    let (label, name) = (format!("Folder {path}"), name(&path));
    let toggle = move |_| {
        open.update(|open| {
            if !open.remove(&path) {
                open.insert(path.clone());
            }
        });
    };
    view! {
        <li class="project__file" data-depth=depth.min(6).to_string()>
            <button type="button" class="project__name project__name--folder" aria-label=label aria-expanded=is_open.to_string() on:click=toggle>
                {name}
            </button>
        </li>
    }
}

#[component]
fn ProjectFile(
    path: String,
    depth: usize,
    files: RwSignal<Files>,
    deployed: RwSignal<Files>,
    selected: RwSignal<String>,
) -> impl IntoView {
    let (this, compared, chosen, removed, kept) = (
        path.clone(),
        path.clone(),
        path.clone(),
        path.clone(),
        path.clone(),
    );
    let name = name(&path);
    let changed = Memo::new(move |_| files.read().get(&compared) != deployed.read().get(&compared));
    let only = move || files.read().len() == 1;
    let note = Memo::new(move |_| match files.read().get(&kept) {
        None | Some(FileView::Text(_)) => String::new(),
        Some(FileView::Binary { bytes }) => format!(" binary, {}", size(*bytes)),
        Some(FileView::Large { bytes }) => format!(" large, {}", size(*bytes)),
    });
    let label = {
        let path = path.clone();
        move || {
            let mark = if changed.get() { " not deployed" } else { "" };
            format!("{path}{}{mark}", note.read())
        }
    };
    let remove = move |()| {
        files.update(|files| {
            files.remove(&removed);
        });
        if *selected.read_untracked() == removed {
            let first = files.read_untracked().keys().next().cloned();
            selected.set(first.unwrap_or_default());
        }
    };
    view! {
        <li class="project__file" data-depth=depth.min(6).to_string()>
            <button type="button" class="project__name" aria-label=label aria-current=move || (*selected.read() == this).then_some("true")
                on:click=move |_| selected.set(chosen.clone())>
                {name}
                <span class="project__note">{note}</span>
                {move || changed.get().then(|| view! { <span class="project__mark" title="Not deployed">"●"</span> })}
            </button>
            <Button kind=ButtonKind::Link label=format!("Delete {path}") disabled=Signal::derive(only) on_press=Callback::new(remove)>"×"</Button>
        </li>
    }
}

#[component]
fn NewFileForm(
    files: RwSignal<Files>,
    selected: RwSignal<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let path = RwSignal::new(String::new());
    let error = Signal::derive(move || {
        let path = path.get();
        if path.is_empty() {
            return None;
        }
        if files.read().contains_key(&path) {
            return Some("There is such a file already".to_owned());
        }
        let mut all = files.get();
        all.insert(path, FileView::Text(String::new()));
        check(&all).err().map(|error| sentence(&error.to_string()))
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let new = path.get_untracked();
        if !new.is_empty() && error.get_untracked().is_none() {
            files.update(|files| {
                files.insert(new.clone(), FileView::Text(String::new()));
            });
            selected.set(new);
            open.set(false);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <TextField name="path" label="File Path" value=path error required=true autofocus=true placeholder="helpers/text.py"
                hint="Folders are separated by a slash (/)."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true disabled=Signal::derive(move || path.read().is_empty() || error.read().is_some())>"OK"</Button>
            </div>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_once_above_what_is_in_it_and_hides_it_while_closed() {
        let check = |open: &[&str]| {
            let paths = ["a/b/c", "a/b/d", "a/e", "a-f", "g/h/i", "j"];
            let open = open.iter().map(ToString::to_string).collect();
            let mut ordered = paths.to_vec();
            ordered.sort_unstable();
            let rows = rows(ordered.into_iter(), &open).into_iter();
            let shown = rows.map(|row| match row {
                Row::Folder { path, depth, .. } => format!("{depth}{path}/"),
                Row::File { path, depth } => format!("{depth}{path}"),
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(check(&[]), "0a-f 0a/ 0g/ 0j");
        assert_eq!(check(&["a"]), "0a-f 0a/ 1a/b/ 1a/e 0g/ 0j");
        assert_eq!(
            check(&["a", "a/b"]),
            "0a-f 0a/ 1a/b/ 2a/b/c 2a/b/d 1a/e 0g/ 0j"
        );
        assert_eq!(
            check(&["a/b", "g/h"]),
            "0a-f 0a/ 0g/ 0j",
            "what is in a closed one"
        );
    }
}
