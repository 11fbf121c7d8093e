//! `bridge --explain CODE`.

use bridge::code::Code;

use crate::support::env::TestEnv;

#[test]
fn a_code_is_explained_on_stdout() {
    let run = TestEnv::new().run(&["--explain", "brg4006"]).expect(0);
    insta::assert_snapshot!(run.stdout, @r"
    BRG4006: nobody can be asked

    The plan needs an approval, and standard input or standard error is no terminal. In a pipeline, look
    at the output of `bridge plan` first and then run with `--auto-approve`.
    ");
}

#[test]
fn every_code_is_explained() {
    for code in [Code::all().next().unwrap(), Code::all().last().unwrap()] {
        let run = TestEnv::new().run(&["--explain", &code.to_string()]).expect(0);
        assert!(run.stdout.contains(code.title()), "{run}");
    }
}

#[test]
fn an_unknown_code_gets_a_suggestion() {
    insta::assert_snapshot!(TestEnv::new().run(&["--explain", "4006"]), @r"
    exit 3
    --- stdout
    --- stderr
    error[BRG4010]: `4006` is no code of bridge; codes look like BRG3003
      hint: did you mean `BRG4006`?
      more: bridge --explain BRG4010
    ");
}
