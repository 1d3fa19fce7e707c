//! Looks at the parameters that an API declares, before its function runs: what a request must have
//! and what may stand in it. What it has not, and what has a default value, the event has all the same.
//! Source: APIG user guide, "Creating an API".
//!
//! A request is looked at as the function would see it: the path's segments and the query decoded,
//! each of several values of one name by itself, and a header that `Connection` ends at the gateway
//! not at all. What is not declared passes as it is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderName;
use http::request::Parts;
use sluice_domain::request_parameter::{
    BrokenRule, ParameterLocation, RequestParameter, RequestParameters,
};

use crate::encode::{is_taken_for, named_by_connection, query_pairs, text_of};
use crate::route_table::PublishedApi;

/// What an API declares, arranged for looking at a request.
#[derive(Debug)]
pub struct ParameterRules {
    parameters: Vec<RequestParameter>,
    /// Which one a name in the path is.
    path: HashMap<String, usize>,
    /// Which one a name in the query is.
    query: HashMap<String, usize>,
    headers: Vec<(HeaderName, usize)>,
}

/// Why a request is refused for one of its parameters. It says nothing that the caller sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Parameter {name} in {part}: {broken}", part = .location.part())]
pub struct ParameterRefused {
    /// The name of the parameter, as it is declared.
    pub name: String,
    /// Where it has to stand.
    pub location: ParameterLocation,
    /// Which rule it breaks.
    pub broken: BrokenRule,
}

/// What the event of a request has besides what was sent, and what it has not.
#[derive(Debug, Clone)]
pub struct Declared {
    rules: Arc<ParameterRules>,
    /// Those that the request has not.
    absent: Vec<usize>,
}

impl ParameterRules {
    /// The rules for these parameters. None where there are no parameters: then there is nothing to
    /// do when the API is called.
    pub fn new(parameters: &RequestParameters) -> Option<Self> {
        let mut rules = Self {
            parameters: parameters.iter().cloned().collect(),
            path: HashMap::new(),
            query: HashMap::new(),
            headers: Vec::new(),
        };
        for (at, parameter) in rules.parameters.iter().enumerate() {
            let name = parameter.name();
            match parameter.location() {
                ParameterLocation::Path => drop(rules.path.insert(name.to_owned(), at)),
                ParameterLocation::Query => drop(rules.query.insert(name.to_owned(), at)),
                ParameterLocation::Header => {
                    let name = HeaderName::from_bytes(name.as_bytes());
                    let name = name.expect("letters, digits, hyphens and dots name a header");
                    rules.headers.push((name, at));
                }
            }
        }
        (!parameters.is_empty()).then_some(rules)
    }

    /// Checks a request of an API that has these rules. `path` is the request's path within the
    /// group. Of several parameters that break a rule, the first is told: those of the
    /// path before the query and the headers, and by name.
    pub(crate) fn check<D>(
        self: &Arc<Self>,
        api: &PublishedApi<D>,
        request: &Parts,
        path: &str,
    ) -> Result<Declared, ParameterRefused> {
        let sent = self.sent(api, request, path);
        let mut absent = Vec::new();
        for (at, parameter) in self.parameters.iter().enumerate() {
            let refused = |broken| ParameterRefused {
                name: parameter.name().to_owned(),
                location: parameter.location(),
                broken,
            };
            let mut is_there = false;
            for (_, value) in sent.iter().filter(|(of, _)| *of == at) {
                is_there = true;
                parameter.check(value).map_err(refused)?;
            }
            if !is_there && parameter.fields().required {
                return Err(refused(BrokenRule::Missing));
            }
            if !is_there {
                absent.push(at);
            }
        }
        Ok(Declared {
            rules: Arc::clone(self),
            absent,
        })
    }

    /// The values of a request that parameters are declared for, each with which one it is of.
    fn sent<'a, D>(
        &self,
        api: &'a PublishedApi<D>,
        request: &'a Parts,
        path: &'a str,
    ) -> Vec<(usize, Cow<'a, str>)> {
        let mut sent = Vec::new();
        if !self.path.is_empty() {
            let all = api.path_parameters(path).into_iter();
            sent.extend(all.filter_map(|(name, value)| Some((*self.path.get(name)?, value))));
        }
        if !self.query.is_empty() {
            let all = query_pairs(request.uri.query().unwrap_or_default());
            sent.extend(all.filter_map(|(name, value)| Some((*self.query.get(&*name)?, value))));
        }
        if !self.headers.is_empty() {
            let ends_here = named_by_connection(&request.headers);
            for (name, at) in &self.headers {
                if !ends_here.contains(name.as_str()) {
                    let all = request.headers.get_all(name).iter();
                    sent.extend(all.map(|value| (*at, text_of(value))));
                }
            }
        }
        sent
    }
}

impl Declared {
    /// How many parameters the API declares.
    pub(crate) fn count(&self) -> usize {
        self.rules.parameters.len()
    }

    /// Names and values of what the event has although the request has not.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (&str, &str)> {
        self.filled_query().chain(self.filled_headers())
    }

    /// Those of the query.
    pub(crate) fn filled_query(&self) -> impl Iterator<Item = (&str, &str)> {
        let filled = self.filled_in(ParameterLocation::Query);
        filled.map(|(at, value)| (self.rules.parameters[at].name(), value))
    }

    /// Those that are headers, with names in lower case.
    pub(crate) fn filled_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let filled = self.filled_in(ParameterLocation::Header);
        filled.filter_map(|(at, value)| {
            let mut headers = self.rules.headers.iter();
            let (name, _) = headers.find(|(_, of)| *of == at)?;
            Some((name.as_str(), value))
        })
    }

    fn filled_in(&self, location: ParameterLocation) -> impl Iterator<Item = (usize, &str)> {
        self.absent.iter().filter_map(move |&at| {
            let fields = self.rules.parameters[at].fields();
            let is_there = fields.location == location && fields.passes_through;
            let value = fields.default_value.as_deref().filter(|_| is_there)?;
            Some((at, value))
        })
    }

    /// True for what is kept from the function: a parameter that does not pass.
    pub(crate) fn withholds_query(&self, name: &str) -> bool {
        let at = self.rules.query.get(name);
        at.is_some_and(|at| !self.passes(*at))
    }

    /// True for a header that is kept from the function: a parameter that does not pass, or what
    /// could be taken for a parameter and was not looked at. `name` is in lower case.
    pub(crate) fn withholds_header(&self, name: &str) -> bool {
        let mut headers = self.rules.headers.iter();
        headers.any(|(own, at)| match own.as_str() == name {
            true => !self.passes(*at),
            false => is_taken_for(name, own.as_str()),
        })
    }

    fn passes(&self, at: usize) -> bool {
        self.rules.parameters[at].fields().passes_through
    }
}

#[cfg(test)]
mod tests;
