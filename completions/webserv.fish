complete -c webserv -s c -l config -d 'Serve the sites of this file' -r -F
complete -c webserv -s l -l listen -d 'Listen at 8080, [::]:80, unix:/path.sock; repeatable' -r -f
complete -c webserv -l fallback -d 'Send this file where there is none, for DIR' -r -F
complete -c webserv -l explain -d 'Show what a GET of URL gets, and why' -r -f
complete -c webserv -l color -d 'Colour the output: auto, always, never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c webserv -l lan -d 'Listen on every interface, over IPv4 and IPv6'
complete -c webserv -l listing -d 'List directories that have no index file, for DIR'
complete -c webserv -l dotfiles -d 'Serve names that begin with a dot, for DIR'
complete -c webserv -l open -d 'Open the first address in the default browser'
complete -c webserv -l check -d 'Show all errors of the config; exit status 0 or 2'
complete -c webserv -l print-config -d 'Print the config with every default filled in'
complete -c webserv -s q -l quiet -d 'Show errors only'
complete -c webserv -s v -l verbose -d 'Show request (>) and response heads (<), as curl does'
complete -c webserv -s V -l version -d 'Show the version'
complete -c webserv -s h -l help -d 'Show this help'
