//! Finds the API that a request calls. Pure: a table is built whole from the
//! published APIs and never changes.
//!
//! # Which API answers
//!
//! A request belongs to one group and one environment; only the APIs published
//! there are looked at. Its path is compared segment by segment, case-sensitive,
//! after each segment was decoded once: `%2F` is part of a segment and never
//! ends one. A trailing slash is an empty last segment, so `/test` and `/test/`
//! are two paths. Segments `.` and `..` mean nothing here: they are compared
//! and captured as they are, and whoever takes a captured text for the name of
//! a file has to look at it first.
//!
//! - **Exact match**: the whole path has to be met. `{p}` stands for one
//!   segment that is not empty, `{p+}` for all that is left, at least one
//!   segment that is not empty.
//! - **Prefix match**: the path has to be met up to the end of a segment:
//!   `/test/AA` is met by `/test/AA` and `/test/AA/BB`, not by `/test/AACC`. A
//!   path with a trailing slash is met by what stands below it: `/test/` by
//!   `/test/` and `/test/AA`, not by `/test`; and `/` by everything.
//!
//! Of those whose path and method are met, one answers:
//! 1. Exact match before prefix match.
//! 2. Of several prefixes, the longest: the one with the most segments, a
//!    trailing slash deciding between equals.
//! 3. At the first segment in which the paths differ, a text before `{p}`
//!    before `{p+}`.
//! 4. Its own method before ANY, for one and the same path.
//! 5. What stands first in the list the table was built from. The console does
//!    not let two such APIs be published.
//!
//! An API whose method does not fit does not stand in the way: with `GET /a/b`
//! and `ANY /a` as prefixes, `POST /a/b` goes to `ANY /a`. Only when no API is
//! left, the answer tells a path that is published for other methods
//! ([`NotFound::Method`]) from one that is not published ([`NotFound::Path`]).
//! `HEAD` and `OPTIONS` are methods like any other. ANY means the seven methods
//! that the console offers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use sluice_domain::api_group::GroupSettings;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiGroupId, EnvironmentId};
use sluice_domain::path::{ApiPath, Segment};
use sluice_domain::policy::AccessControl;
use sluice_domain::trigger::{ApigTrigger, Matching, Method};

use crate::authorizer::Authorizer;
use crate::cors::Cors;
use crate::parameters::ParameterRules;
use crate::response_headers::ResponseHeaders;
use crate::shifting::Shift;
use crate::throttle::Throttle;

/// An API as it is published in one environment. `D` is what stands for the
/// function behind it: the executor's deployment, or a text in tests.
#[derive(Debug, Clone)]
pub struct PublishedApi<D> {
    /// Name of the environment; callers name it in `X-Stage`.
    pub environment: EnvironmentName,
    /// Its id; what credentials are bound to is an API in an environment.
    pub environment_id: EnvironmentId,
    /// The trigger that it is of; its settings have the group, the path, the method and the limits
    /// as they were published.
    pub api: ApigTrigger,
    /// The function, ready to be called. None while it has no deployment.
    pub deployment: Option<D>,
    /// Where the API calls an alias that shifts traffic: which calls another version gets.
    pub shift: Option<Shift<D>>,
    /// What its callers may do, and what its answers say.
    pub policies: ApiPolicies,
    /// With Custom authentication: what decides who may call it. Without one nobody may.
    pub authorizer: Option<Arc<Authorizer<D>>>,
    /// What its requests must have; none where it declares no parameters.
    pub parameters: Option<Arc<ParameterRules>>,
}

/// The policies of an API.
#[derive(Debug, Clone, Default)]
pub struct ApiPolicies {
    /// How often it may be called, counted here.
    pub throttle: Option<Arc<Throttle>>,
    /// From which addresses.
    pub access: Option<Arc<AccessControl>>,
    /// Which pages of other origins may read its answers.
    pub cors: Option<Arc<Cors>>,
    /// Which headers its answers have.
    pub response_headers: Option<Arc<ResponseHeaders>>,
}

/// Why no API answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFound {
    /// No published API has this path.
    Path,
    /// The path is published for other methods only.
    Method,
}

/// All published APIs, arranged for finding one.
#[derive(Debug)]
pub struct RouteTable<D> {
    apis: Vec<Arc<PublishedApi<D>>>,
    /// By group id, then by environment name.
    groups: HashMap<String, HashMap<String, Node>>,
    /// What groups say about their APIs.
    settings: HashMap<ApiGroupId, Arc<GroupSettings>>,
}

impl<D> Default for RouteTable<D> {
    fn default() -> Self {
        Self::new([])
    }
}

impl<D> RouteTable<D> {
    /// The table of these APIs.
    pub fn new(apis: impl IntoIterator<Item = PublishedApi<D>>) -> Self {
        let apis: Vec<_> = apis.into_iter().map(Arc::new).collect();
        let mut groups: HashMap<String, HashMap<String, Node>> = HashMap::new();
        for (index, api) in apis.iter().enumerate() {
            let settings = &api.api.settings;
            groups
                .entry(settings.group_id.as_str().to_owned())
                .or_default()
                .entry(api.environment.as_str().to_owned())
                .or_default()
                .insert(&settings.path, settings.matching, settings.method, index);
        }
        Self {
            apis,
            groups,
            settings: HashMap::new(),
        }
    }

    /// The same table, with what groups say about their APIs, be there any or not.
    #[must_use]
    pub fn with_groups(
        self,
        groups: impl IntoIterator<Item = (ApiGroupId, GroupSettings)>,
    ) -> Self {
        let groups = groups.into_iter();
        Self {
            settings: groups.map(|(id, it)| (id, Arc::new(it))).collect(),
            ..self
        }
    }

    /// What a group says about its APIs; none for one that is not known.
    pub fn group(&self, group_id: &ApiGroupId) -> Option<&Arc<GroupSettings>> {
        self.settings.get(group_id)
    }

    /// The APIs, in the order in which they were given.
    pub fn apis(&self) -> impl Iterator<Item = &Arc<PublishedApi<D>>> {
        self.apis.iter()
    }

    /// How many APIs the table has.
    pub fn len(&self) -> usize {
        self.apis.len()
    }

    /// True when nothing is published.
    pub fn is_empty(&self) -> bool {
        self.apis.is_empty()
    }

    /// Finds the API that answers a request. `method` is none when it is not
    /// one of the seven; `path` is the request's path as it came, not decoded.
    ///
    /// The work is bounded by the number of APIs and the length of the path:
    /// no part of the table is entered twice.
    pub fn find(
        &self,
        group_id: &str,
        environment: &str,
        method: Option<Method>,
        path: &str,
    ) -> Result<&Arc<PublishedApi<D>>, NotFound> {
        let root = self.groups.get(group_id).and_then(|it| it.get(environment));
        let (Some(root), Some(path)) = (root, path.strip_prefix('/')) else {
            return Err(NotFound::Path);
        };
        let mut search = Search {
            method,
            path_known: false,
            longest: None,
        };
        let found = search
            .exact(root, Some(path))
            .or_else(|| search.prefix(root, Some(path), 0));
        match found {
            Some(index) => Ok(&self.apis[index]),
            None if search.path_known => Err(NotFound::Method),
            None => Err(NotFound::Path),
        }
    }
}

impl<D> PublishedApi<D> {
    /// The event's `pathParameters`: the text that stands for each parameter of
    /// the API's path, decoded once. With prefix match and no parameter, what
    /// follows the API's path stands under the empty name, without its leading
    /// slash. `path` is one that [`RouteTable::find`] found this API for.
    pub fn path_parameters<'a>(&'a self, path: &'a str) -> Vec<(&'a str, Cow<'a, str>)> {
        let settings = &self.api.settings;
        let mut parameters = Vec::new();
        let mut rest = path.strip_prefix('/');
        for expected in settings.path.segments() {
            // A prefix with a trailing slash leaves all that follows the slash.
            let trailing_slash = expected == Segment::Literal("");
            if trailing_slash && settings.matching == Matching::Prefix {
                break;
            }
            let Some(text) = rest else { break };
            if let Segment::Rest(name) = expected {
                parameters.push((name, decoded(text)));
                rest = None;
                break;
            }
            let (segment, after) = first_segment(text);
            if let Segment::Parameter(name) = expected {
                parameters.push((name, decoded(segment)));
            }
            rest = after;
        }
        if settings.matching == Matching::Prefix && !settings.path.has_parameters() {
            parameters.extend(
                rest.filter(|rest| !rest.is_empty())
                    .map(|rest| ("", decoded(rest))),
            );
        }
        parameters
    }
}

/// What can follow the segments that lead to this place.
#[derive(Debug, Default)]
struct Node {
    texts: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// APIs whose path ends here.
    exact: Ends,
    prefix: Ends,
    /// APIs whose path goes on with `{p+}`.
    exact_rest: Ends,
    prefix_rest: Ends,
    /// Prefixes whose path goes on with nothing but a slash.
    prefix_slash: Ends,
}

/// The APIs of one path and one matching, by method.
#[derive(Debug, Default)]
struct Ends(Vec<(Method, usize)>);

impl Node {
    fn insert(&mut self, path: &ApiPath, matching: Matching, method: Method, index: usize) {
        let mut node = self;
        let mut ends: fn(&mut Node) -> &mut Ends = match matching {
            Matching::Exact => |node| &mut node.exact,
            Matching::Prefix => |node| &mut node.prefix,
        };
        for segment in path.segments() {
            match (segment, matching) {
                (Segment::Literal(""), Matching::Prefix) => ends = |node| &mut node.prefix_slash,
                (Segment::Rest(_), Matching::Prefix) => ends = |node| &mut node.prefix_rest,
                (Segment::Rest(_), Matching::Exact) => ends = |node| &mut node.exact_rest,
                (Segment::Literal(text), _) => {
                    node = node.texts.entry(decoded(text).into_owned()).or_default();
                }
                (Segment::Parameter(_), _) => node = node.parameter.get_or_insert_default(),
            }
        }
        let ends = &mut ends(node).0;
        if !ends.iter().any(|&(other, _)| other == method) {
            ends.push((method, index));
        }
    }
}

struct Search {
    method: Option<Method>,
    /// Whether a path was met, be it with another method.
    path_known: bool,
    /// The best prefix so far and its length.
    longest: Option<(usize, usize)>,
}

impl Search {
    /// The first API in order of precedence whose whole path is met. `rest` is
    /// what is left of the path, none when its last segment was taken.
    fn exact(&mut self, node: &Node, rest: Option<&str>) -> Option<usize> {
        let Some(rest) = rest else {
            return self.pick(&node.exact);
        };
        let (segment, after) = first_segment(rest);
        if let Some(next) = node.texts.get(decoded(segment).as_ref())
            && let Some(found) = self.exact(next, after)
        {
            return Some(found);
        }
        if let Some(next) = &node.parameter
            && !segment.is_empty()
            && let Some(found) = self.exact(next, after)
        {
            return Some(found);
        }
        has_text(rest).then(|| self.pick(&node.exact_rest))?
    }

    /// The longest prefix. Nodes are entered in order of precedence, so one
    /// that is found later has to be longer. Lengths count two for a segment
    /// and one for a trailing slash.
    fn prefix(&mut self, node: &Node, rest: Option<&str>, length: usize) -> Option<usize> {
        if let Some(rest) = rest {
            let (segment, after) = first_segment(rest);
            if let Some(next) = node.texts.get(decoded(segment).as_ref()) {
                self.prefix(next, after, length + 2);
            }
            if let Some(next) = &node.parameter
                && !segment.is_empty()
            {
                self.prefix(next, after, length + 2);
            }
            if has_text(rest) {
                self.keep_longest(&node.prefix_rest, length + 2);
            }
            self.keep_longest(&node.prefix_slash, length + 1);
        }
        self.keep_longest(&node.prefix, length);
        self.longest.map(|(_, index)| index)
    }

    fn keep_longest(&mut self, ends: &Ends, length: usize) {
        if let Some(index) = self.pick(ends)
            && self.longest.is_none_or(|(longest, _)| length > longest)
        {
            self.longest = Some((length, index));
        }
    }

    fn pick(&mut self, ends: &Ends) -> Option<usize> {
        self.path_known |= !ends.0.is_empty();
        let method = self.method?;
        let of = |wanted| {
            let end = ends.0.iter().find(|&&(method, _)| method == wanted);
            end.map(|&(_, index)| index)
        };
        of(method).or_else(|| of(Method::Any))
    }
}

fn first_segment(rest: &str) -> (&str, Option<&str>) {
    match rest.split_once('/') {
        Some((segment, after)) => (segment, Some(after)),
        None => (rest, None),
    }
}

/// True when one of the segments is not empty, as `{p+}` demands.
fn has_text(rest: &str) -> bool {
    rest.bytes().any(|byte| byte != b'/')
}

/// The text with its escapes decoded once. An escape that is none stays as it
/// is, and bytes that are no UTF-8 become replacement characters.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests;
