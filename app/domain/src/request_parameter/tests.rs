use super::*;
use insta::assert_snapshot;

/// A parameter written as `QUERY page NUMBER? min=1 max=9 of=1,5,9 default=5 off kept`: `?` for one
/// that is not required, `off` for one that is not validated, `kept` for one that does not pass.
fn parsed(text: &str) -> Result<RequestParameter, InvalidRequestParameter> {
    let mut words = text.split(' ');
    let [location, name, kind] = std::array::from_fn(|_| words.next().unwrap());
    let mut fields = RequestParameterFields {
        name: name.to_owned(),
        location: location.parse().unwrap(),
        kind: kind.trim_end_matches('?').parse().unwrap(),
        required: !kind.ends_with('?'),
        default_value: None,
        enumeration: Vec::new(),
        min: None,
        max: None,
        is_validated: true,
        passes_through: true,
        description: ShortDescription::default(),
    };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("min", number) => fields.min = Some(number.parse().unwrap()),
            ("max", number) => fields.max = Some(number.parse().unwrap()),
            ("of", all) => fields.enumeration = all.split(',').map(str::to_owned).collect(),
            ("default", value) => fields.default_value = Some(value.replace('~', " ")),
            ("off", _) => fields.is_validated = false,
            ("kept", _) => fields.passes_through = false,
            other => panic!("{other:?}"),
        }
    }
    fields.try_into()
}

fn check(text: &str) -> String {
    parsed(text).map_or_else(|error| error.to_string(), |_| "right".to_owned())
}

#[test]
fn a_name_follows_the_rule_of_its_location() {
    let wrong = |location: &str, name: &str| {
        let refused = parsed(&format!("{location} {name} STRING")).err();
        refused.map(|error| error.wrong)
    };
    for right in ["p", "Page-2.b", &"a".repeat(32)] {
        for location in ["PATH", "QUERY", "HEADER"] {
            assert_eq!(wrong(location, right), None, "{location} {right}");
        }
    }
    for text in ["", "1a", "_a", "a[]", "ä", &"a".repeat(33)] {
        assert_eq!(wrong("QUERY", text), Some(WrongField::Name), "{text}");
    }
    for text in ["x-apig-mode", "X-Sdk-Date", "X-STAGE"] {
        for location in ["PATH", "QUERY", "HEADER"] {
            assert_eq!(wrong(location, text), Some(WrongField::Reserved), "{text}");
        }
    }
    for text in [
        "Authorization",
        "X-Auth-Token",
        "host",
        "X-Forwarded-For",
        "Connection",
    ] {
        assert_eq!(wrong("HEADER", text), Some(WrongField::Reserved), "{text}");
        assert_eq!(wrong("QUERY", text), None, "{text}");
    }
    assert_eq!(wrong("QUERY", "a_b"), None);
    assert_snapshot!(check("HEADER x_y STRING"), @"parameter x_y: name: must not have an underscore (_): it is the name of a header");
}

#[test]
fn a_parameter_says_which_field_is_wrong() {
    for right in [
        "PATH id NUMBER",
        "QUERY page NUMBER? min=1 max=9 default=5",
        "QUERY page NUMBER? of=1,2.50 default=2.5",
        "QUERY sort STRING? of=up,down default=up",
        "HEADER X-A STRING? default=a~b kept",
        "QUERY q STRING? min=2 default=a off",
        "QUERY q STRING min=0 max=32768",
        "QUERY q STRING? default=ä",
    ] {
        assert_eq!(check(right), "right", "{right}");
    }
    assert_snapshot!(check("PATH id STRING?"), @"parameter id: required: must be required: it is part of the path");
    assert_snapshot!(check("PATH id STRING kept"), @"parameter id: passes_through: must reach the function: it is part of the path");
    assert_snapshot!(check("QUERY a STRING default=b"), @"parameter a: default_value: must be empty: a parameter that is required has none");
    for unfit in [
        "QUERY a STRING? default=",
        "QUERY a STRING? default=~b",
        "QUERY a STRING? default=b\n",
        "HEADER a STRING? default=ä",
    ] {
        assert_eq!(
            parsed(unfit).unwrap_err().wrong,
            WrongField::Default,
            "{unfit}"
        );
    }
    assert_snapshot!(check("QUERY a NUMBER? default=b"), @"parameter a: default_value: must be a decimal number");
    assert_snapshot!(check("QUERY a NUMBER? min=2 default=1"), @"parameter a: default_value: must be at least 2");
    assert_snapshot!(check("QUERY a NUMBER min=2 max=1"), @"parameter a: max: must be at least 2, the minimum");
    assert_snapshot!(check("QUERY a STRING min=1.5"), @"parameter a: min: must be a whole number of characters, 0 to 32,768");
    assert_snapshot!(check("QUERY a STRING max=32769"), @"parameter a: max: must be a whole number of characters, 0 to 32,768");
    assert_snapshot!(check("QUERY a STRING of=a,,b"), @r#"parameter a: enumeration: "" must have 1 to 255 characters, without commas and without white space around"#);
    assert_snapshot!(check("QUERY a STRING of=a,b,a"), @"parameter a: enumeration: a is given twice");
    assert_snapshot!(check("QUERY a STRING max=1 of=a,bb"), @"parameter a: enumeration: bb must have at most 1 characters");
    assert_snapshot!(check("QUERY a NUMBER of=1,x"), @"parameter a: enumeration: x must be a decimal number");
    let many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    assert_eq!(
        check(&format!("QUERY a NUMBER of={}", many[..100].join(","))),
        "right"
    );
    assert_snapshot!(check(&format!("QUERY a NUMBER of={}", many.join(","))), @"parameter a: enumeration: must be at most 100 values, are 101");
}

#[test]
fn a_value_keeps_to_the_rule() {
    let value = |rule: &str, value: &str| {
        let checked = parsed(&format!("QUERY a {rule}")).unwrap().check(value);
        checked.map_or_else(|broken| broken.to_string(), |()| "right".to_owned())
    };
    for (rule, right) in [
        ("STRING", ""),
        ("STRING min=2 max=2", "äö"),
        ("STRING of=up,down", "down"),
        ("STRING min=2 off", "a"),
        ("NUMBER", "-1.5e3"),
        ("NUMBER min=1 max=10", "1.0"),
        ("NUMBER min=1 max=10", "1e1"),
        ("NUMBER of=1,2.50", "25e-1"),
        ("NUMBER off", "x"),
    ] {
        assert_eq!(value(rule, right), "right", "{rule} {right}");
    }
    assert_snapshot!(value("STRING min=2", "ä"), @"must have at least 2 characters");
    assert_snapshot!(value("STRING max=2", "äöü"), @"must have at most 2 characters");
    assert_snapshot!(value("STRING of=up,down", "Up"), @"must be one of up, down");
    assert_snapshot!(value("NUMBER min=1", "0.999"), @"must be at least 1");
    assert_snapshot!(value("NUMBER max=1e1", "10.001"), @"must be at most 1e1");
    assert_snapshot!(value("NUMBER of=1,2", "3"), @"must be one of 1, 2");
    assert_snapshot!(value("NUMBER of=0,1,2,3,4,5,6,7,8,9,10", "11"), @"must be one of the 11 values that are allowed");
    for no_number in ["", "NaN", "inf", "1,5", " 1", "0x1"] {
        assert_eq!(value("NUMBER", no_number), "must be a decimal number");
    }
}

fn all(texts: &[&str]) -> Result<RequestParameters, InvalidRequestParameters> {
    let parameters = texts.iter().map(|text| parsed(text).unwrap());
    parameters.collect::<Vec<_>>().try_into()
}

#[test]
fn each_name_is_declared_once_in_its_location() {
    let check = |texts: &[&str]| match all(texts) {
        Ok(parameters) => parameters.len().to_string(),
        Err(error) => format!("{} {error}", error.code()),
    };
    assert_snapshot!(check(&[]), @"0");
    assert_snapshot!(check(&["PATH a STRING", "QUERY a STRING", "QUERY A STRING", "HEADER a STRING"]), @"4");
    assert_snapshot!(check(&["HEADER X-A STRING", "HEADER x-a NUMBER"]), @"APIG.3209 parameter x-a in the headers is given twice");
    let many: Vec<_> = (0..51).map(|n| format!("QUERY a{n} STRING")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_snapshot!(check(&many[..50]), @"50");
    assert_snapshot!(check(&many), @"APIG.3111 must be at most 50 parameters, are 51");
}

#[test]
fn parameters_of_the_path_are_in_it() {
    let parameters = all(&["QUERY page STRING", "PATH id STRING"]).unwrap();
    let check = |path: &str| {
        let path = path.parse().unwrap();
        let undeclared: Vec<_> = parameters.undeclared(&path).map(str::to_owned).collect();
        match parameters.check_path(&path) {
            Ok(()) => format!("right, and {undeclared:?}"),
            Err(error) => error.to_string(),
        }
    };
    assert_snapshot!(check("/a/{id}"), @"right, and []");
    assert_snapshot!(check("/{page}/{id}/{rest+}"), @r#"right, and ["page", "rest"]"#);
    assert_snapshot!(check("/{id+}"), @"right, and []");
    assert_snapshot!(check("/a/id"), @"the path has no {id}, which is declared as a parameter of it");
    assert_eq!(
        RequestParameters::default().check_path(&"/a".parse().unwrap()),
        Ok(())
    );
}

#[test]
fn what_is_stored_is_parsed_by_the_same_rules() {
    let parameters = all(&[
        "QUERY page NUMBER? min=1 of=1,2 default=2",
        "HEADER X-A STRING kept off",
    ])
    .unwrap();
    let json = serde_json::to_string(&parameters).unwrap();
    assert_eq!(
        serde_json::from_str::<RequestParameters>(&json).unwrap(),
        parameters
    );
    let broken = json.replace(r#""default_value":"2""#, r#""default_value":"0""#);
    let refused = serde_json::from_str::<RequestParameters>(&broken).unwrap_err();
    assert_snapshot!(refused, @"parameter page: default_value: must be at least 1 at line 1 column 193");
    let reversed = all(&[
        "HEADER X-A STRING kept off",
        "QUERY page NUMBER? min=1 of=1,2 default=2",
    ]);
    assert_eq!(reversed.unwrap(), parameters);
    let short = r#"[{"name": "a", "location": "QUERY", "type": "STRING"}]"#;
    let short: RequestParameters = serde_json::from_str(short).unwrap();
    let first = short.iter().next().unwrap().fields();
    assert!(first.is_validated && first.passes_through && !first.required);
}
