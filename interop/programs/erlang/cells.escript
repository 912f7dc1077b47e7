#!/usr/bin/env escript
%% What Erlang makes of the shapes and files of a folder.

main([Folder]) ->
    io:format("version\t~s~n", [erlang:system_info(otp_release)]),
    [verify(Shape) || Shape <- lists:sort(filelib:wildcard(Folder ++ "/shapes/*"))],
    [read(File) || File <- lists:sort(filelib:wildcard(Folder ++ "/files/*.pem"))].

%% One of the roots is enough. The path is validated from the root down.
verify(Shape) ->
    Chain = lists:reverse(certificates(Shape ++ "/chain.pem")),
    Results = [validate(Root, Chain) || Root <- certificates(Shape ++ "/roots.pem")],
    case lists:keymember(ok, 1, Results) of
        true -> line("erlang-25", Shape, "accepted", "");
        false -> line("erlang-25", Shape, "refused", hd(Results))
    end.

validate(Root, Chain) ->
    try
        public_key:pkix_path_validation(Root, Chain, [])
    catch
        Class:Why -> {Class, Why}
    end.

certificates(File) ->
    {ok, Text} = file:read_file(File),
    [Der || {'Certificate', Der, _} <- public_key:pem_decode(Text)].

read(File) ->
    count("erlang-25", File, fun() ->
        case public_key:cacerts_load(File) of
            ok -> length(public_key:cacerts_get());
            Error -> throw(Error)
        end
    end),
    public_key:cacerts_clear(),
    count("erlang-25-pem", File, fun() -> length(certificates(File)) end).

count(Program, File, Read) ->
    try
        line(Program, File, integer_to_list(Read()), "")
    catch
        _:Why -> line(Program, File, "0", Why)
    end.

line(Program, Path, Answer, "") ->
    io:format("~s\t~s\t~s\t~n", [Program, filename:basename(Path, ".pem"), Answer]);
line(Program, Path, Answer, Why) ->
    Words = lists:flatten(io_lib:format("~0P", [Why, 14])),
    io:format("~s\t~s\t~s\t~s~n", [Program, filename:basename(Path, ".pem"), Answer, Words]).
